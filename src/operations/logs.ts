import { VedetteError } from "../errors.ts";
import { allNodes, type NodeId, type Topology } from "../topology/model.ts";
import type { Context } from "./context.ts";
import { mergeByTime, type LogLine } from "./log-lines.ts";
import { LogReader } from "./log-reader.ts";

/** The steward has a log like a node's. */
const STEWARD: NodeId = "steward";

/** How often logs are looked at while they are followed: ms. */
const LOOK_EVERY_MS = 250;

/** Everything that has a log: all nodes, and the steward. */
export function logNames(topology: Topology): NodeId[] {
  return [...allNodes(topology).map(({ id }) => id), STEWARD];
}

/** The names asked for, all of them when none was, or a refusal that lists those there are. */
export function chooseLogs(topology: Topology, asked: readonly NodeId[]): NodeId[] {
  const names = logNames(topology);
  const unknown = asked.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new VedetteError(`looking for the log of ${unknown}: cluster ${topology.name} has no such node`, {
      next: `there are logs of ${names.join(", ")}`,
    });
  }
  return asked.length === 0 ? names : [...new Set(asked)];
}

export function openLogs(ctx: Context, names: readonly NodeId[]): LogReader[] {
  return names.map((name) => new LogReader(name, () => ctx.runtime.logFiles(name)));
}

/** The last `count` lines of all these logs together, merged by time. */
export async function lastOf(readers: readonly LogReader[], count: number): Promise<LogLine[]> {
  const merged = mergeByTime(await Promise.all(readers.map((reader) => reader.tail(count))));
  return count > 0 ? merged.slice(-count) : [];
}

/** Hands on what is written from now on, merged by time within each look, until `signal` aborts. */
export async function follow(
  ctx: Context,
  readers: readonly LogReader[],
  signal: AbortSignal,
  use: (lines: LogLine[]) => void,
): Promise<void> {
  while (!signal.aborted) {
    const lines = mergeByTime(await Promise.all(readers.map((reader) => reader.fresh())));
    if (lines.length > 0) use(lines);
    await ctx.clock.sleep(LOOK_EVERY_MS, signal);
  }
}
