import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync, readSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { errorCode } from "../errors.ts";
import type { NodeId, Topology } from "../topology/model.ts";
import type { Candidate } from "./candidates.ts";

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
  /** Of a failover: ms since `faultAt`, or else since `askedAt`. */
  durationsMs?: Record<string, number>;
  /** When the fault was caused, by a test or a drill: wall clock ms. */
  faultAt?: number;
  /** When a Sentinel was asked for a failover: wall clock ms. */
  askedAt?: number;
  /** The replicas that could be promoted, as last seen before one of them was. */
  candidates?: Candidate[];
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

/** The files that hold a history, oldest first: the steward moves a full one aside. */
export function historyFiles(file: string): string[] {
  return [`${file}.1`, file];
}

/** All events, oldest first. A damaged last line (power cut) is passed over. */
export function readHistory(file: string): HistoryEvent[] {
  return historyFiles(file)
    .flatMap((each) => textOf(each).split("\n"))
    .flatMap((line) => parseHistoryLine(line) ?? []);
}

/** Null for what is no event. */
export function parseHistoryLine(line: string): HistoryEvent | null {
  const event = line === "" ? null : parse(line);
  return isEvent(event) ? event : null;
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
