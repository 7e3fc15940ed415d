import { pauseSentence } from "../../cluster/pause.ts";
import { look } from "../../operations/context.ts";
import { stopNode } from "../../operations/one-node.ts";
import type { Invocation } from "../command.ts";
import { confirm, json } from "../io.ts";
import { open } from "../open.ts";

export async function run({ io, args, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const [node = ""] = args;
  const snapshot = await look(ctx);
  const isMaster = snapshot.master?.node === node;
  const seconds = ctx.topology.sentinel.downAfterMs / 1000;
  const { pause, observedAt } = snapshot;
  const outlook =
    pause === null
      ? `writes fail for about ${seconds} s until the Sentinels have promoted a replica`
      : `writes fail until it is started again, for nobody is promoted (${pauseSentence(pause, observedAt)})`;
  const question = `${node} is the master: ${outlook}. Stop it?`;
  if (isMaster && !(await confirm(io, options.yes === true, question))) return 1;
  await stopNode(ctx, node, options.force === true);
  if (options.json) json(io, { schema: 1, node, state: "stopped" });
  else io.out(`${node} is stopped and stays so. Start it again: vedette start ${node}`);
  return 0;
}
