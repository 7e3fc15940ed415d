import { look } from "../../operations/context.ts";
import { stopNode } from "../../operations/one-node.ts";
import type { Invocation } from "../command.ts";
import { confirm, json } from "../io.ts";
import { open } from "../open.ts";

export async function run({ io, args, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const [node = ""] = args;
  const isMaster = (await look(ctx)).master?.node === node;
  const seconds = ctx.topology.sentinel.downAfterMs / 1000;
  const question = `${node} is the master: writes fail for about ${seconds} s until the Sentinels have promoted a replica. Stop it?`;
  if (isMaster && !(await confirm(io, options.yes === true, question))) return 1;
  await stopNode(ctx, node, options.force === true);
  if (options.json) json(io, { schema: 1, node, state: "stopped" });
  else io.out(`${node} is stopped and stays so. Start it again: vedette start ${node}`);
  return 0;
}
