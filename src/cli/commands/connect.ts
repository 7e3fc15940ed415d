import { UsageError } from "../../errors.ts";
import { chooseNode, type Wish } from "../../operations/choose-node.ts";
import { look, requireNode } from "../../operations/context.ts";
import { allNodes, type Topology } from "../../topology/model.ts";
import type { Invocation } from "../command.ts";
import { open } from "../open.ts";
import { handOver } from "../redis-cli.ts";

export async function run(invocation: Invocation): Promise<number> {
  return connectTo(invocation, (topology) => wishOf(topology, invocation.args[0], invocation.options.role));
}

/** Says whom it connects to and what that node is now, and hands over to redis-cli. */
export async function connectTo(
  { io, options, rest }: Invocation,
  wishIn: (topology: Topology) => Wish,
): Promise<number> {
  const ctx = open(io, options);
  const wish = wishIn(ctx.topology);
  const chosen = chooseNode(ctx.topology, await look(ctx), wish);
  io.note(chosen.sentence);
  const terminal = process.stdin.isTTY && process.stdout.isTTY;
  const program = await ctx.runtime.program("redis-cli", { terminal });
  return handOver(program, requireNode(ctx.topology, chosen.node), ctx.password, rest);
}

function wishOf(topology: Topology, node: string | undefined, role: string | undefined): Wish {
  const names = allNodes(topology)
    .map(({ id }) => id)
    .join(", ");
  if (node !== undefined && role !== undefined) {
    throw new UsageError(`connecting to ${node} with --role ${role}: name a node or a role, not both`);
  }
  if (node !== undefined) return { node: requireNode(topology, node).id };
  if (role === undefined) {
    throw new UsageError("connecting: to which node?", {
      next: `name one of ${names}; or --role master, --role replica`,
    });
  }
  if (role === "master" || role === "replica") return { role };
  throw new UsageError(`reading --role ${role}: it takes master or replica`, {
    next: `or name a node: ${names}`,
  });
}
