import { findings } from "../../cluster/findings.ts";
import { isHealthy } from "../../cluster/finding.ts";
import { statusJson } from "../../cluster/status-json.ts";
import { look, type Context } from "../../operations/context.ts";
import { UsageError } from "../../errors.ts";
import type { Invocation } from "../command.ts";
import { json, type Io } from "../io.ts";
import { open } from "../open.ts";
import { printStatus } from "../print/status.ts";

const CLEAR_SCREEN = "\x1b[H\x1b[2J";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  if (options.watch === undefined || options.watch === false) return show(ctx, io, options.json === true, "");
  const everyMs = watchPeriod(options.watch);
  const end = new AbortController();
  process.once("SIGINT", () => end.abort());
  let code = 0;
  while (!end.signal.aborted) {
    code = await show(ctx, io, options.json === true, io.terminal ? CLEAR_SCREEN : "");
    await ctx.clock.sleep(everyMs, end.signal);
  }
  return code;
}

async function show(ctx: Context, io: Io, asJson: boolean, before: string): Promise<number> {
  const snapshot = await look(ctx);
  const found = findings(ctx.topology, snapshot);
  if (asJson) json(io, statusJson(ctx.topology, snapshot, found));
  else io.out(before + printStatus(ctx.topology, snapshot, found, io.colour));
  return isHealthy(found) ? 0 : 1;
}

function watchPeriod(watch: string | true): number {
  const seconds = watch === true ? 1 : Number(watch);
  if (Number.isFinite(seconds) && seconds >= 0.1) return seconds * 1000;
  throw new UsageError(`reading --watch ${watch}: it takes seconds, at least 0.1`);
}
