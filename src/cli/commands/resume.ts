import { planResume } from "../../operations/plan-pause.ts";
import { resume, resumeExpired } from "../../operations/pause.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printResumed } from "../print/pause.ts";
import { printSteps } from "../print/steps.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  if (options.dryRun) {
    const steps = (await ctx.runtime.pause()) === null ? [] : planResume();
    io.out(steps.length === 0 ? "nothing is paused" : printSteps("resume", steps, io.colour));
    return 0;
  }
  const expired = options.expired === true;
  const left = expired ? await resumeExpired(ctx) : await resume(ctx);
  if (options.json)
    json(io, { schema: 1, cluster: ctx.topology.name, paused: left !== null, left: left ?? [] });
  else if (expired && left === null) io.out("no pause is over");
  else io.out(printResumed(ctx.topology, left, io.colour));
  return (left ?? []).length === 0 ? 0 : 1;
}
