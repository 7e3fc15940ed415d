import type { LogLine } from "../../operations/log-lines.ts";
import { coloursFor } from "./colours.ts";
import { harmless, localStamp, nodeColumn } from "./text.ts";

const ROLE_LETTERS = { master: "M", replica: "S", sentinel: "X", child: "C" } as const;
const LEVEL_SIGNS = { debug: ".", verbose: "-", notice: "*", warning: "#" } as const;
const STAMP_WIDTH = "2026-11-23 09:02:05.123".length;

/**
 * Prints lines of several nodes one under the other: name, local time, role and level as Redis writes them.
 * A line without a time of its own is indented below the one it goes on with.
 */
export function logPrinter(names: readonly string[], colour: boolean): (line: LogLine) => string {
  const colours = coloursFor(colour);
  const column = nodeColumn(names, colours);
  return ({ node, time, role, level, message, stamped }) => {
    const stamp = stamped && time !== null ? localStamp(time) : "".padEnd(STAMP_WIDTH);
    const letter = role === null ? " " : ROLE_LETTERS[role];
    const sign = level === null ? " " : LEVEL_SIGNS[level];
    const text = level === "warning" ? colours.bold(harmless(message)) : harmless(message);
    return `${column(node)}  ${colours.dim(stamp)}  ${letter} ${sign} ${text}`;
  };
}

/** One object a line, for log shippers. */
export function logJson({ node, time, pid, role, level, message }: LogLine): string {
  const at = time === null ? null : new Date(time).toISOString();
  return JSON.stringify({ time: at, node, pid, role, level, message });
}
