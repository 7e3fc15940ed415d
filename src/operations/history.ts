import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../errors.ts";
import type { NodeId, Topology } from "../topology/model.ts";

/** One line of history.jsonl: what happened to the cluster, when, and who wanted it. */
export interface HistoryEvent {
  /** Wall clock ms. */
  time: number;
  kind:
    | "steward"
    | "node-down"
    | "node-up"
    | "gave-up"
    | "failover"
    | "switchover"
    | "drill"
    | "backup"
    | "restore"
    | "config"
    | "flush"
    | "pause"
    | "resume"
    | "operation";
  node?: NodeId;
  from?: NodeId | null;
  to?: NodeId | null;
  epoch?: number | null;
  /** Why, as a sentence. */
  cause?: string;
  durationsMs?: Record<string, number>;
  /** Who asked: `vedette up`, `steward`, … */
  by: string;
}

/** Where a cluster's events are. */
export function historyFile(topology: Topology): string {
  return join(topology.stateDir, "history.jsonl");
}

/** Appends one line; appends of less than a page are whole even with several writers. */
export function appendHistory(file: string, event: HistoryEvent): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  // After a power cut the last line may be half: what follows must not be lost with it.
  const begin = endsMidLine(file) ? "\n" : "";
  appendFileSync(file, `${begin}${JSON.stringify(event)}\n`, { mode: 0o600 });
}

function endsMidLine(file: string): boolean {
  const size = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  if (size === 0) return false;
  const descriptor = openSync(file, "r");
  try {
    const last = Buffer.alloc(1);
    readSync(descriptor, last, 0, 1, size - 1);
    return last.toString() !== "\n";
  } finally {
    closeSync(descriptor);
  }
}

/** All events, oldest first. A damaged last line (power cut) is passed over. */
export function readHistory(file: string): HistoryEvent[] {
  return textOf(file)
    .split("\n")
    .filter((line) => line !== "")
    .flatMap((line) => {
      const event = parse(line);
      return isEvent(event) ? [event] : [];
    });
}

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return "";
    throw error;
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isEvent(value: unknown): value is HistoryEvent {
  return typeof value === "object" && value !== null && "time" in value && "kind" in value && "by" in value;
}
