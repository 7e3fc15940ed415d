import { readFailovers } from "../../operations/failover-logs.ts";
import { isMove } from "../../operations/failover-sources.ts";
import { historyFile, readHistory } from "../../operations/history.ts";
import type { Invocation } from "../command.ts";
import { open } from "../open.ts";
import { printFailovers } from "../print/failovers.ts";
import { historyJson } from "../print/history-json.ts";
import { printHistory, type Happening } from "../print/history.ts";
import { readSpan, type Span } from "../span.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const span = readSpan(options, Date.now());
  const ctx = open(io, options);
  const events = readHistory(historyFile(ctx.topology));
  const failovers = await readFailovers(ctx, events, span.since);
  const others = options.failovers ? [] : events.filter((event) => !isMove(event));
  const shown = within(span, [
    ...failovers.map((failover): Happening => ({ time: failover.time, failover })),
    ...others.map((event): Happening => ({ time: event.time, event })),
  ]);
  if (options.json) io.out(historyJson(ctx.topology.name, shown));
  else if (options.failovers) io.out(printFailovers(failoversOf(shown), io.colour));
  else io.out(printHistory(shown, io.colour));
  return 0;
}

function within({ count, since }: Span, happenings: readonly Happening[]): Happening[] {
  return happenings
    .filter(({ time }) => time >= since)
    .sort((a, b) => a.time - b.time)
    .slice(-count);
}

function failoversOf(shown: readonly Happening[]) {
  return shown.flatMap((each) => ("failover" in each ? [each.failover] : []));
}
