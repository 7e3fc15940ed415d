import { benchmark } from "../../operations/benchmark.ts";
import { readSettings } from "../../operations/benchmark-plan.ts";
import type { Invocation } from "../command.ts";
import { interruptible } from "../interrupt.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printBenchmark } from "../print/benchmark.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const settings = readSettings(options);
  const ctx = open(io, options);
  const result = await benchmark(ctx, settings, interruptible(io, `benchmarking ${ctx.topology.name}`));
  if (options.json) json(io, { schema: 1, ...result });
  else io.out(printBenchmark(result, io.colour));
  return 0;
}
