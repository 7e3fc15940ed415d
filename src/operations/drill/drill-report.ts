import type { NodeState } from "../../cluster/snapshot.ts";
import type { NodeId } from "../../topology/model.ts";

/** What one or several practised failures have shown: printed, written as JSON, and drawn as HTML. */
export interface DrillReport {
  schema: 1;
  cluster: string;
  /** True when it ran on a throw-away copy of the topology. */
  sandbox: boolean;
  /** Wall clock ms. */
  startedAt: number;
  durationMs: number;
  versions: { vedette: string; redis: string | null };
  /** What the topology looked like, for whoever reads the report elsewhere. */
  topology: {
    nodes: NodeId[];
    sentinels: NodeId[];
    quorum: number;
    downAfterMs: number;
    durability: "async" | "fenced" | "confirmed";
    fastFailover: boolean;
  };
  slo: Slo;
  runs: DrillRun[];
}

/** The thresholds of the topology's `slo`. */
export interface Slo {
  writeGapMs: number;
  lostWrites: number;
}

export type Verdict = "passed" | "failed" | "skipped";

/** One scenario, once. All `ms` are since the fault, negative before it, unless they say otherwise. */
export interface DrillRun {
  scenario: string;
  title: string;
  /** What it stands for in life, a sentence. */
  shows: string;
  verdict: Verdict;
  /** Why it failed or was skipped, or what a reader must know (a logical partition): sentences. */
  notes: string[];
  startedAt: number;
  durationMs: number;
  before: { master: NodeId | null; epoch: number | null };
  after: { master: NodeId | null; epoch: number | null };
  marks: DrillMarks;
  figures: DrillFigures;
  timeline: TimelineEntry[];
  /** Work of the clients, in slices of `sliceMs`. */
  sliceMs: number;
  slices: { ms: number; acknowledged: number; errors: number; slowestMs: number }[];
  /** Every change of what a node was, per node in the order of time; the first one is from before the fault. */
  lanes: { node: NodeId; changes: { ms: number; is: LaneState }[] }[];
}

/** Null: did not happen, or was not seen. */
export interface DrillMarks {
  detectedMs: number | null;
  agreedMs: number | null;
  promotedMs: number | null;
  switchedMs: number | null;
  firstWriteMs: number | null;
  reconfiguredMs: number | null;
  wholeMs: number | null;
}

export interface DrillFigures {
  /** The longest time without an acknowledged write, ms. */
  writeGapMs: number | null;
  acknowledged: number;
  /** Of these, writes that enough replicas had (durability: confirmed). */
  confirmed: number;
  errors: number;
  /** Acknowledged, and not on the master at the end; null when it could not be read back. */
  lost: number | null;
  lostConfirmed: number | null;
  /** Written twice (a retry after an unknown outcome that had been carried out). */
  duplicated: number;
  /** Reads on replicas that were behind the last acknowledged write, and by how much at most: ms. */
  staleReads: number;
  stalestMs: number | null;
  /** Failovers: growth of the config epoch. */
  failovers: number;
  /** Nodes that took writes after another had begun to. */
  secondMasters: NodeId[];
}

export interface TimelineEntry {
  ms: number;
  /** Who said or did it; null for the drill itself. */
  node: NodeId | null;
  kind: "fault" | "heal" | "sentinel" | "node" | "client" | "drill";
  text: string;
}

/** A node as it was: its role when it answers as one, else its state. */
export type LaneState = "master" | "fenced" | "replica" | "syncing" | "sentinel" | Exclude<NodeState, "up">;
