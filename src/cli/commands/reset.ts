import { beforeReset, reset } from "../../operations/reset.ts";
import type { Invocation } from "../command.ts";
import { confirm, json } from "../io.ts";
import { open } from "../open.ts";
import { printStale } from "../print/stale.ts";
import { printSteps } from "../print/steps.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const wish = { all: options.all === true };
  const { stale, steps } = await beforeReset(ctx, wish);
  const nodes = steps.flatMap((step) => (step.do === "reset-sentinel" ? [step.node] : []));
  if (options.dryRun || nodes.length === 0) {
    if (options.json) json(io, { schema: 1, cluster: ctx.topology.name, stale, reset: [], left: stale });
    else
      io.out(printStale(stale, io.colour) + (nodes.length > 0 ? printSteps("reset", steps, io.colour) : ""));
    return 0;
  }
  if (!options.json) io.note(printStale(stale, io.colour) + printSteps("reset", steps, io.colour));
  if (!(await confirm(io, options.yes === true, `Reset ${nodes.join(", ")}, one at a time?`))) return 1;
  const left = await reset(ctx, wish);
  if (options.json) json(io, { schema: 1, cluster: ctx.topology.name, stale, reset: nodes, left });
  else io.out(left.length === 0 ? "the Sentinels remember nothing too much" : printStale(left, io.colour));
  return left.length === 0 ? 0 : 1;
}
