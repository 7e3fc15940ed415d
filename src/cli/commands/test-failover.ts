import { UsageError } from "../../errors.ts";
import type { Fault } from "../../operations/bring-back.ts";
import { beforeFailoverTest, testFailover } from "../../operations/test-failover.ts";
import type { Topology } from "../../topology/model.ts";
import type { Invocation } from "../command.ts";
import { interruptible } from "../interrupt.ts";
import { confirm, confirmByName, json, type Io } from "../io.ts";
import { open } from "../open.ts";
import { printEvent, type EventNames } from "../print/failover-events.ts";
import { printFailoverPlan, printFailoverTest } from "../print/failover-test.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const fault = readFault(options.fault ?? "kill");
  const ctx = open(io, options);
  const { topology } = ctx;
  const { master, voters } = await beforeFailoverTest(ctx);
  const fast = fault !== "hang" && topology.failover.fast && (await ctx.runtime.steward()).running;
  io.note(printFailoverPlan(master, fault, { downAfterMs: topology.sentinel.downAfterMs, fast }, io.colour));
  if (!(await agreed(io, topology, options.yes === true))) {
    io.note("nothing was touched");
    return 1;
  }
  const names: EventNames = { topology, voters };
  const signal = interruptible(io, `testing the failover of ${topology.name}`);
  const test = await testFailover(
    ctx,
    { fault, master },
    (heard, ms) => {
      if (!options.json) io.note(printEvent(names, heard, ms, io.colour));
    },
    signal,
  );
  if (options.json) json(io, { schema: 1, ...test });
  else io.out(printFailoverTest(test, io.colour));
  return test.ok ? 0 : 1;
}

function agreed(io: Io, { name, production }: Topology, yes: boolean): Promise<boolean> {
  if (production) return confirmByName(io, yes, `${name} is marked as production.`, name);
  return confirm(io, yes, `Make the master of ${name} fail?`);
}

function readFault(text: string): Fault {
  if (text === "kill" || text === "stop" || text === "hang") return text;
  throw new UsageError(`reading --fault ${text}: it is one of kill, stop and hang`);
}
