import { findings } from "../../cluster/findings.ts";
import { isHealthy } from "../../cluster/finding.ts";
import { healthChecks } from "../../cluster/health.ts";
import { look } from "../../operations/context.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printHealth } from "../print/health.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const snapshot = await look(ctx);
  const found = findings(ctx.topology, snapshot);
  const checks = healthChecks(ctx.topology, snapshot, found);
  const healthy = isHealthy(found);
  if (options.json) json(io, { schema: 1, cluster: ctx.topology.name, healthy, checks });
  else io.out(printHealth(checks, io.colour));
  return healthy ? 0 : 1;
}
