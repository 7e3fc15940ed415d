import { UsageError } from "../errors.ts";
import { parseDuration } from "../topology/units.ts";
import type { Options } from "./options.ts";

/** Which part of what happened is wanted. */
export interface Span {
  /** At most so many, the last ones. */
  count: number;
  /** Wall clock ms. */
  since: number;
}

const DEFAULT_COUNT = 50;

/** Reads `--lines` and `--since`; throws with all that is wrong with them. `now` is wall clock ms. */
export function readSpan({ lines, since }: Pick<Options, "lines" | "since">, now: number): Span {
  const count = readCount(lines);
  const from = readSince(since, now);
  const problems = [
    ...(count === null ? [`--lines ${lines}: it is a number above 0, or all`] : []),
    ...(from === null ? [`--since ${since}: it is a duration (90m, 2d) or a time (2026-11-23T09:30)`] : []),
  ];
  if (count !== null && from !== null) return { count, since: from };
  throw new UsageError(`reading ${problems.join("; ")}`);
}

function readCount(text: string | undefined): number | null {
  if (text === undefined) return DEFAULT_COUNT;
  if (text === "all") return Number.MAX_SAFE_INTEGER;
  return /^[1-9]\d{0,8}$/.test(text) ? Number(text) : null;
}

/** A time without a zone is local, as in the logs; a day is its beginning. */
function readSince(text: string | undefined, now: number): number | null {
  if (text === undefined) return -Infinity;
  const duration = parseDuration(text);
  if (duration !== null) return now - duration;
  if (!/^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d|$)/.test(text)) return null;
  const time = Date.parse(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00` : text);
  return Number.isNaN(time) ? null : time;
}
