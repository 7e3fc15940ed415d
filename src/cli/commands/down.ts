import { down, stepsDown } from "../../operations/down.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printSteps } from "../print/steps.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const force = options.force === true;
  if (options.dryRun) {
    io.out(printSteps("down", await stepsDown(ctx, force), io.colour));
    return 0;
  }
  const begun = ctx.clock.monotonic();
  await down(ctx, force);
  const seconds = (ctx.clock.monotonic() - begun) / 1000;
  if (options.json) json(io, { schema: 1, cluster: ctx.topology.name, state: "down", seconds });
  else
    io.out(
      `${ctx.topology.name} is down after ${seconds.toFixed(1)} s; all data is kept. Start it again: vedette up`,
    );
  return 0;
}
