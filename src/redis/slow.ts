/** SLOWLOG, LATENCY and MONITOR as values. Whatever has another form than expected is passed over. */

/** One entry of the slow log. */
export interface SlowEntry {
  /** Grows by one with every entry, also over SLOWLOG RESET; begins anew when the server restarts. */
  id: number;
  /** Wall clock of the server, ms (it keeps whole seconds). */
  time: number;
  micros: number;
  /** The command with its arguments; Redis shortens long ones. */
  command: string[];
  /** `127.0.0.1:50000`, null before Redis 4. */
  client: string | null;
  /** What the client calls itself, null when it does not. */
  clientName: string | null;
}

/** `SLOWLOG GET`, newest first, as Redis gives it. */
export function parseSlowlog(reply: unknown): SlowEntry[] {
  return list(reply).flatMap((entry) => {
    const [id, seconds, micros, command, client, name] = list(entry);
    if (typeof id !== "number" || typeof seconds !== "number" || typeof micros !== "number") return [];
    const words = list(command).map(String);
    return [
      { id, time: seconds * 1000, micros, command: words, client: text(client), clientName: text(name) },
    ];
  });
}

/** The most recent sample of one kind of event. */
export interface LatencySample {
  event: string;
  /** Wall clock of the server, ms (whole seconds). */
  time: number;
  ms: number;
}

/** `LATENCY LATEST`: one sample an event. */
export function parseLatencyLatest(reply: unknown): LatencySample[] {
  return list(reply).flatMap((entry) => {
    const [event, seconds, ms] = list(entry);
    return typeof event === "string" && typeof seconds === "number" && typeof ms === "number"
      ? [{ event, time: seconds * 1000, ms }]
      : [];
  });
}

/** `LATENCY HISTORY event`: one sample a second in which it happened, oldest first. */
export function parseLatencyHistory(event: string, reply: unknown): LatencySample[] {
  return list(reply).flatMap((entry) => {
    const [seconds, ms] = list(entry);
    return typeof seconds === "number" && typeof ms === "number" ? [{ event, time: seconds * 1000, ms }] : [];
  });
}

/** One command as MONITOR shows it. */
export interface MonitoredCommand {
  /** Wall clock of the server, ms. */
  time: number;
  database: number;
  /** `127.0.0.1:50000`, or `lua`. */
  client: string;
  command: string[];
}

/** `1700000000.123456 [0 127.0.0.1:50000] "SET" "key" "a \"quoted\" value"` */
export function parseMonitorLine(line: string): MonitoredCommand | null {
  const [, seconds, database, client = "", words = ""] = /^(\d+\.\d+) \[(\d+) (\S+)\] (.*)$/.exec(line) ?? [];
  if (seconds === undefined) return null;
  const command = [...words.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, word = ""]) => unescape(word));
  return { time: Math.round(Number(seconds) * 1000), database: Number(database), client, command };
}

const ESCAPES = new Map([
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["a", "\x07"],
  ["b", "\b"],
]);

/** Undoes sdscatrepr(): every byte that is not printable ASCII stands as `\xHH`. */
function unescape(word: string): string {
  const bytes = word.replaceAll(/\\(x[0-9a-f]{2}|.)/g, (_, code: string) =>
    code.length === 3 ? String.fromCharCode(Number.parseInt(code.slice(1), 16)) : (ESCAPES.get(code) ?? code),
  );
  return Buffer.from(bytes, "latin1").toString("utf8");
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(value: unknown): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
