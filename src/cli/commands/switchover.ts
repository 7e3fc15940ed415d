import { beforeSwitchover, switchover } from "../../operations/switchover.ts";
import type { Invocation } from "../command.ts";
import { interruptible } from "../interrupt.ts";
import { confirm, json } from "../io.ts";
import { open } from "../open.ts";
import { printSwitchover, printSwitchoverPlan } from "../print/switchover.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const { name } = ctx.topology;
  const plan = await beforeSwitchover(ctx, options.to ?? null);
  const { from, to, epoch } = plan;
  if (options.dryRun && options.json) {
    json(io, { schema: 1, ...plan });
    return 0;
  }
  io.note(printSwitchoverPlan(name, plan, io.colour));
  if (options.dryRun) return 0;
  if (!(await confirm(io, options.yes === true, `Move the master of ${name} from ${from} to ${to}?`))) {
    io.note("nothing was touched");
    return 1;
  }
  const signal = interruptible(io, `switching over ${name}`);
  const wish = { to, reason: options.reason ?? null, expect: { master: from, epoch } };
  const result = await switchover(ctx, wish, signal);
  if (options.json) json(io, { schema: 1, ...result });
  else io.out(printSwitchover(result, io.colour));
  return 0;
}
