import { down } from "../../operations/down.ts";
import { restartNode } from "../../operations/one-node.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { run as upAgain } from "./up.ts";

export async function run(invocation: Invocation): Promise<number> {
  const { io, args, options } = invocation;
  const ctx = open(io, options);
  const [node] = args;
  if (node === undefined) {
    await down(ctx, false);
    return upAgain(invocation);
  }
  await restartNode(ctx, node);
  if (options.json) json(io, { schema: 1, node, state: "started" });
  else io.out(`${node} restarted. See how it comes back: vedette status`);
  return 0;
}
