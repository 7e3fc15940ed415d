import { UsageError } from "../../errors.ts";
import { chooseLogs, follow, lastOf, openLogs } from "../../operations/logs.ts";
import type { LogLine } from "../../operations/log-lines.ts";
import type { Invocation } from "../command.ts";
import { open } from "../open.ts";
import { logJson, logPrinter } from "../print/logs.ts";
import { untilInterrupted } from "../until-interrupted.ts";

const DEFAULT_LINES = 50;

export async function run({ io, args, options }: Invocation): Promise<number> {
  const count = lineCount(options.lines);
  const ctx = open(io, options);
  const names = chooseLogs(ctx.topology, args);
  const readers = openLogs(ctx, names);
  const print = options.json ? logJson : logPrinter(names, io.colour);
  const show = (lines: readonly LogLine[]) => {
    if (lines.length > 0) io.out(lines.map((line) => print(line)).join("\n"));
  };
  const lines = await lastOf(readers, count);
  show(lines);
  if (options.follow) await follow(ctx, readers, untilInterrupted(), show);
  else if (lines.length === 0 && count > 0)
    io.note(`nothing has been logged yet in ${ctx.topology.stateDir}/log`);
  return 0;
}

function lineCount(text: string | undefined): number {
  if (text === undefined) return DEFAULT_LINES;
  if (text === "all") return Number.MAX_SAFE_INTEGER;
  if (/^\d{1,9}$/.test(text)) return Number(text);
  throw new UsageError(`reading --lines ${text}: it takes a number of lines, or \`all\``);
}
