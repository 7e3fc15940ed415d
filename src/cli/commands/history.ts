import { UsageError } from "../../errors.ts";
import { historyFile, readHistory } from "../../operations/history.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printHistory } from "../print/history.ts";

const DEFAULT_LINES = 50;

export async function run({ io, options }: Invocation): Promise<number> {
  const { topology } = open(io, options);
  const events = readHistory(historyFile(topology));
  const shown = events.slice(-countOf(options.lines));
  if (options.json) json(io, { schema: 1, cluster: topology.name, events: shown });
  else io.out(printHistory(shown, io.colour));
  return 0;
}

function countOf(lines: string | undefined): number {
  if (lines === undefined) return DEFAULT_LINES;
  if (lines === "all") return Infinity;
  const count = Number(lines);
  if (Number.isInteger(count) && count > 0) return count;
  throw new UsageError(`reading --lines ${lines}: it is a number above 0, or all`);
}
