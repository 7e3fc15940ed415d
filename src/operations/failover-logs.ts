import { readFile, stat } from "node:fs/promises";
import { errorCode } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import type { Context } from "./context.ts";
import { failovers, type Failover } from "./failovers.ts";
import type { HistoryEvent } from "./history.ts";
import { parseLogLine, type LogLine } from "./log-lines.ts";
import { NODE_LINE } from "./node-tales.ts";
import { SENTINEL_LINE } from "./sentinel-stories.ts";

const QUARTER_MS = 15 * 60_000;
/** No two places on earth have clocks further apart: ms. */
const MOST_APART_MS = 26 * 3_600_000;
/** Between a line and the file's last write: ms. The start script's lines have whole seconds only. */
const WRITTEN_MS = 2_000;

/** No failover takes longer from its first sign to its last: ms. */
const LONGEST_MS = 3_600_000;

/**
 * All failovers that the history, the Sentinels' logs and the nodes' logs tell of, oldest first. Logs that ended
 * well before `since` (wall clock ms) are not read.
 */
export async function readFailovers(
  ctx: Context,
  events: readonly HistoryEvent[],
  since: number,
): Promise<Failover[]> {
  const { redis, sentinel } = ctx.topology;
  const from = since - LONGEST_MS;
  const [sentinels, nodes] = await Promise.all([
    readLines(
      ctx,
      sentinel.nodes.map(({ id }) => id),
      SENTINEL_LINE,
      from,
    ),
    readLines(
      ctx,
      redis.nodes.map(({ id }) => id),
      NODE_LINE,
      from,
    ),
  ]);
  return failovers(ctx.topology, { events, sentinels, nodes });
}

/**
 * The lines of these nodes' logs, rotated ones too, that match; each node's in its own order. Files last written
 * before `since` (wall clock ms) are left out.
 */
export async function readLines(
  ctx: Context,
  nodes: readonly NodeId[],
  wanted: RegExp,
  since = -Infinity,
): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for (const node of nodes) {
    // One file at a time: a log may have 10 MB, and there may be dozens.
    for (const file of await ctx.runtime.logFiles(node)) {
      const found = await matching(node, file, wanted, since);
      for (const line of found) lines.push(line);
    }
  }
  return lines;
}

async function matching(node: NodeId, file: string, wanted: RegExp, since: number): Promise<LogLine[]> {
  let text: string;
  let writtenAt: number;
  try {
    writtenAt = (await stat(file)).mtimeMs;
    if (writtenAt < since) return [];
    text = await readFile(file, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT") return []; // rotated away since it was listed
    throw error;
  }
  // A line that is still being written is for the next look.
  const all = text.slice(0, text.lastIndexOf("\n") + 1).split("\n");
  const last = parseLogLine(node, all.findLast((line) => parseLogLine(node, line, null).stamped) ?? "", null);
  const shift = clockShift(last.time, writtenAt);
  return (
    all
      .filter((line) => wanted.test(line))
      // A part of a string keeps the whole in memory, here 10 MB a file: a copy does not.
      .map((line) => parseLogLine(node, Buffer.from(line).toString(), null))
      .map((line) => (line.time === null ? line : { ...line, time: line.time + shift }))
  );
}

/**
 * What to add to the times of a log whose process has another time zone than we (cron, systemd, `TZ=`): ms.
 *
 * Redis writes its own local time without saying which. Its last line was written when the file was, so a difference
 * that is a time zone's is one; any other says nothing (a copied file).
 */
export function clockShift(lastLine: number | null, writtenAt: number): number {
  if (lastLine === null) return 0;
  const shift = Math.round((writtenAt - lastLine) / QUARTER_MS) * QUARTER_MS;
  const exact = Math.abs(writtenAt - lastLine - shift) <= WRITTEN_MS;
  return exact && Math.abs(shift) <= MOST_APART_MS ? shift : 0;
}
