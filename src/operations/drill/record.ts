import type { NodeId } from "../../topology/model.ts";
import type { FailoverMarks } from "../failover-marks.ts";
import type { ScenarioId } from "./scenario.ts";

/** What a drill leaves behind, as values. All `ms` are since the fault; negative ones before it. */

/**
 * What a node was at a moment. `master` took a write; `refusing` says it is master and takes none; `unlinked` a
 * replica without its master; `locked` wants another password; `silent` has a process that does not answer.
 */
export type LaneState =
  "master" | "refusing" | "replica" | "unlinked" | "watching" | "loading" | "locked" | "silent" | "down";

/** A write that a node took, whoever is master. */
export interface Accepted {
  /** Monotonic ms. */
  at: number;
  node: NodeId;
}

export interface LaneRecord {
  node: NodeId;
  kind: "redis" | "sentinel";
  stretches: { fromMs: number; toMs: number; state: LaneState }[];
}

/** One line of the timeline. */
export interface DrillEvent {
  ms: number;
  /** The node it is about, or the Sentinel that said it. */
  node: NodeId | null;
  kind: "fault" | "heal" | "sentinel" | "state" | "client";
  text: string;
  /** Of `sentinel` only: the event's name; `text` is what Sentinel sent with it. */
  channel: string | null;
}

export interface WriteFigures {
  writers: number;
  acknowledged: number;
  /** Attempts since the fault that were not acknowledged, by what the client was told. */
  failed: Record<string, number>;
  /** Replicas that had to confirm each write; 0: none. */
  confirmedBy: number;
  /** Acknowledged and not on the master at the end. Null when they could not be read back. */
  lost: number | null;
  /** Of those: acknowledged so early that they must have been on disk. Null as `lost`. */
  lostOnDisk: number | null;
  /** Applied more than once: their clients were not told, and tried again. */
  duplicated: number | null;
  /** The longest time without an acknowledged write. Null when none was acknowledged after the fault. */
  gapMs: number | null;
  /** When that began. */
  gapFromMs: number | null;
}

export interface ReadFigures {
  reads: number;
  /** Reads that did not see the newest acknowledged write. */
  stale: number;
  maxStaleMs: number;
  unanswered: number;
}

/** Per bucket of time: acknowledged writes, those of them that were lost later, and failed attempts. */
export interface Throughput {
  fromMs: number;
  bucketMs: number;
  acknowledged: number[];
  lost: number[];
  failed: number[];
}

/** One node at the end. */
export interface NodeAudit {
  node: NodeId;
  role: "master" | "replica" | null;
  link: "up" | "sync" | "down" | null;
  /** Acknowledged writes that it does not hold; null when it could not be asked. */
  missing: number | null;
}

/** One line of the verdict. `ok` is null for what is told and not judged. */
export interface Check {
  id: "recovered" | "promotions" | "writeGap" | "lostWrites" | "secondMaster" | "replicas" | "whole";
  what: string;
  expected: string;
  measured: string;
  ok: boolean | null;
}

export interface DrillRun {
  scenario: ScenarioId;
  ok: boolean;
  /** Wall clock ms. */
  startedAt: number;
  durationMs: number;
  before: { master: NodeId; epoch: number | null };
  after: { master: NodeId | null; epoch: number | null };
  promoted: NodeId[];
  /** Those of them that were promoted before the first fault was taken back. */
  promotedUnhealed: NodeId[];
  marks: FailoverMarks;
  writes: WriteFigures;
  reads: ReadFigures;
  /** Writes that a node took while another one was master already. */
  secondMaster: { writes: number; nodes: NodeId[] };
  nodes: NodeAudit[];
  checks: Check[];
  /** What still was not back when the drill gave up waiting. */
  missing: string[];
  caveat: string | null;
  events: DrillEvent[];
  throughput: Throughput;
  lanes: LaneRecord[];
}
