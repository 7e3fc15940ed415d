import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { VedetteError } from "../errors.ts";
import type { NodeId, Topology } from "../topology/model.ts";
import type { Candidate } from "./candidates.ts";
import { requireNode, withNode, type Context } from "./context.ts";

/** A setting as it was before a switchover changed it. */
export interface Changed {
  node: NodeId;
  name: string;
  previous: string;
}

/**
 * A switchover under way, on disk before each change that it makes: whoever finds it `running` without an operation
 * at work undoes it, or brings it to its end.
 */
export interface SwitchoverRecord {
  from: NodeId;
  to: NodeId;
  /** The config epoch before. */
  epoch: number | null;
  reason: string | null;
  /** Wall clock ms. */
  startedAt: number;
  state: "running" | "done" | "undone";
  /** The Sentinel that was asked for the failover, from the moment before it was asked. */
  asked: NodeId | null;
  changed: Changed[];
  moved: Moved | null;
}

/** What the move itself has shown. */
export interface Moved {
  promoted: NodeId;
  epoch: number;
  /** When the Sentinel was asked: wall clock ms. */
  askedAt: number;
  candidates: Candidate[];
  /** How long the old master held writes back, ms. */
  pausedMs: number;
  /** The offset at which writes stopped, and the old master's when it was demoted: bytes. */
  offset: number;
  demotedAt: number | null;
  /** 0 when nothing was written in between; null when that could not be shown. */
  lost: 0 | null;
  /** From the pause: the candidate has every byte; a Sentinel has accepted; it is master; others know. ms. */
  durationsMs: { caughtUp: number; asked: number; promoted: number; spread: number };
}

export function readSwitchover(topology: Topology): SwitchoverRecord | null {
  try {
    const value: unknown = JSON.parse(readFileSync(fileOf(topology), "utf8"));
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

export function writeSwitchover(topology: Topology, record: SwitchoverRecord): void {
  const file = fileOf(topology);
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileAtomic.sync(file, `${JSON.stringify(record, null, 2)}\n`, { mode: 0o600 });
}

/** Is this move of the master the last switchover's doing? */
export function movedBySwitchover(topology: Topology, from: NodeId, to: NodeId): boolean {
  const record = readSwitchover(topology);
  return record?.from === from && record.moved?.promoted === to;
}

/** The record of the switchover that this process carries out. */
export function ownSwitchover(topology: Topology): SwitchoverRecord {
  const record = readSwitchover(topology);
  if (record?.state === "running") return record;
  throw new VedetteError(`switching over ${topology.name}: its record in ${fileOf(topology)} is gone`, {
    next: "vedette status",
  });
}

/** Sets one setting of a node; what it was stands on disk before. The first value that was noted is the one to restore. */
export async function change(ctx: Context, id: NodeId, name: string, value: string): Promise<void> {
  const node = requireNode(ctx.topology, id);
  await withNode(ctx, node, async (redis) => {
    const reply = await redis.call("CONFIG", "GET", name);
    const previous = Array.isArray(reply) ? String(reply[1]) : "";
    const record = ownSwitchover(ctx.topology);
    if (!record.changed.some((each) => each.node === id && each.name === name)) {
      writeSwitchover(ctx.topology, {
        ...record,
        changed: [...record.changed, { node: id, name, previous }],
      });
    }
    await redis.call("CONFIG", "SET", name, value);
  });
}

function fileOf(topology: Topology): string {
  return join(topology.stateDir, "plans", "switchover.json");
}

function isRecord(value: unknown): value is SwitchoverRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "from" in value &&
    "to" in value &&
    "state" in value &&
    "changed" in value &&
    Array.isArray(value.changed)
  );
}
