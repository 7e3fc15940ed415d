import { startNode } from "../../operations/one-node.ts";
import type { Invocation } from "../command.ts";
import { confirm, json } from "../io.ts";
import { open } from "../open.ts";

export async function run({ io, args, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const [node = ""] = args;
  const force = options.forceMaster === true;
  const question = `Start ${node} as master, whatever the Sentinels say? Writes that it missed are lost, and two masters may take writes until the Sentinels settle it.`;
  if (force && !(await confirm(io, options.yes === true, question))) return 1;
  await startNode(ctx, node, force);
  if (options.json) json(io, { schema: 1, node, state: "started" });
  else io.out(`${node} is starting. See how it comes up: vedette status`);
  return 0;
}
