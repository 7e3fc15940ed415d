import { findings } from "../../cluster/findings.ts";
import { look } from "../../operations/context.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printSentinels } from "../print/sentinels.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const snapshot = await look(ctx);
  const { master, epoch, quorum, sentinels } = snapshot;
  if (options.json) json(io, { schema: 1, cluster: ctx.topology.name, master, epoch, quorum, sentinels });
  else io.out(printSentinels(ctx.topology, snapshot, findings(ctx.topology, snapshot), io.colour));
  return quorum.ok && master !== null ? 0 : 1;
}
