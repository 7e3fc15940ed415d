import { EventStream } from "../../operations/event-stream.ts";
import type { ClusterEvent } from "../../operations/cluster-event.ts";
import { votersOf } from "../../operations/test-failover.ts";
import type { Invocation } from "../command.ts";
import { open } from "../open.ts";
import { eventJson, eventPrinter, isWorthReading } from "../print/events.ts";
import { readSpan } from "../span.ts";
import { untilInterrupted } from "../until-interrupted.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const follow = options.follow === true;
  const { count, since } = readSpan(options, Date.now());
  const ctx = open(io, options);
  const signal = follow ? untilInterrupted() : null;
  const stream = new EventStream(ctx);
  const names = { topology: ctx.topology, voters: await votersOf(ctx) };
  const print = options.json ? eventJson : eventPrinter(names, io.colour);
  const worth = options.json ? () => true : isWorthReading();
  const show = (event: ClusterEvent) => io.out(print(event));
  const past = await stream.last(count, (event) => worth(event) && event.time >= since);
  past.forEach(show);
  if (signal !== null) {
    if (!options.json) io.note("what happens is shown as it happens; Ctrl-C ends");
    await stream.follow(signal, (event) => {
      if (worth(event)) show(event);
    });
  } else if (past.length === 0 && !options.json) io.note("nothing has happened");
  return 0;
}
