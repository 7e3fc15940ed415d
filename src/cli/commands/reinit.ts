import { beforeReinit, reinit } from "../../operations/reinit.ts";
import type { Invocation } from "../command.ts";
import { confirm, json } from "../io.ts";
import { open } from "../open.ts";
import { printReinit } from "../print/reinit.ts";
import { printSteps } from "../print/steps.ts";

export async function run({ io, args, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const [node = ""] = args;
  const wish = { node, keep: options.keep !== false };
  const plan = await beforeReinit(ctx, wish);
  const shown = printReinit(node, plan, io.colour) + printSteps(`reinit ${node}`, plan.steps, io.colour);
  if (options.dryRun) {
    io.out(shown);
    return 0;
  }
  if (!options.json) io.note(shown);
  if (!(await confirm(io, options.yes === true, `Rebuild ${node}?`))) return 1;
  const begun = ctx.clock.monotonic();
  await reinit(ctx, wish);
  const seconds = (ctx.clock.monotonic() - begun) / 1000;
  if (options.json) json(io, { schema: 1, cluster: ctx.topology.name, node, state: "in-sync", seconds });
  else io.out(`${node} has a fresh copy of its master's data after ${seconds.toFixed(1)} s`);
  return 0;
}
