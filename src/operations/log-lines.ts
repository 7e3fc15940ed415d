import type { NodeId } from "../topology/model.ts";

/** One line of a node's log, or of the steward's. */
export interface LogLine {
  node: NodeId;
  /** Wall clock ms. A line that carries no time (a stack trace) has that of the line before; null before any. */
  time: number | null;
  pid: number | null;
  /** What the process was when it wrote the line; null where the line does not say. */
  role: "master" | "replica" | "sentinel" | "child" | null;
  level: "debug" | "verbose" | "notice" | "warning" | null;
  message: string;
  /** False when the line had no time of its own: it goes on with the one before. */
  stamped: boolean;
}

type Parsed = Omit<LogLine, "node" | "stamped">;

const ROLES = new Map<string, LogLine["role"]>([
  ["M", "master"],
  ["S", "replica"],
  ["X", "sentinel"],
  ["C", "child"],
]);

const LEVELS = new Map<string, LogLine["level"]>([
  [".", "debug"],
  ["-", "verbose"],
  ["*", "notice"],
  ["#", "warning"],
]);

const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

const REDIS = /^(\d+):([A-Z]) (\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d\.\d{3}) ([.\-*#]) (.*)$/;
const SCRIPT = /^(\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d) vedette\[[^\]]*\]: (.*)$/;
const STEWARD = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (.*)$/;

/** Reads one line. Never throws: a form that is unknown (a crash report, a child's own words) is all message. */
export function parseLogLine(node: NodeId, text: string, previousTime: number | null): LogLine {
  const parsed = ofRedis(text) ?? ofScript(text) ?? ofSteward(text);
  if (parsed !== null) return { node, ...parsed, stamped: true };
  return { node, time: previousTime, pid: null, role: null, level: null, message: text, stamped: false };
}

/** `4242:M 23 Nov 2026 09:02:05.123 * Ready to accept connections` */
function ofRedis(text: string): Parsed | null {
  const [, pid, role = "", stamp = "", level = "", message = ""] = REDIS.exec(text) ?? [];
  const time = localTime(stamp);
  if (pid === undefined || time === null) return null;
  return { time, pid: Number(pid), role: ROLES.get(role) ?? null, level: LEVELS.get(level) ?? null, message };
}

/** `23 Nov 2026 09:02:05 vedette[redis-slave-1]: waits: …`, from the start script. */
function ofScript(text: string): Parsed | null {
  const [, stamp, message = ""] = SCRIPT.exec(text) ?? [];
  const time = localTime(stamp ?? "");
  return time === null ? null : { time, pid: null, role: null, level: "notice", message };
}

/** `2026-11-23T09:02:05.123Z steward started` */
function ofSteward(text: string): Parsed | null {
  const [, stamp, message = ""] = STEWARD.exec(text) ?? [];
  return stamp === undefined
    ? null
    : { time: Date.parse(stamp), pid: null, role: null, level: "notice", message };
}

/** Redis writes the local time of the machine, which is ours. */
function localTime(stamp: string): number | null {
  const [day, name, year, clock = ""] = stamp.split(" ");
  const month = MONTHS.indexOf(name ?? "");
  const [hours, minutes, seconds] = clock.split(":");
  if (month < 0 || seconds === undefined) return null;
  const [whole, ms = "0"] = seconds.split(".");
  return new Date(
    Number(year),
    month,
    Number(day),
    Number(hours),
    Number(minutes),
    Number(whole),
    Number(ms),
  ).getTime();
}

/**
 * Merges the nodes' lines by time. Each node's lines keep their own order, also where its clock was set back or
 * a line has no milliseconds.
 */
export function mergeByTime(nodes: readonly (readonly LogLine[])[]): LogLine[] {
  return nodes
    .flatMap((lines) => {
      let latest = -Infinity;
      return lines.map((line) => ({ line, at: (latest = Math.max(latest, line.time ?? -Infinity)) }));
    })
    .sort((a, b) => (a.at === b.at ? 0 : a.at - b.at))
    .map(({ line }) => line);
}
