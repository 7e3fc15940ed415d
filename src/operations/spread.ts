import { explain } from "../errors.ts";
import type { ClusterNode, RedisNode } from "../topology/model.ts";
import { withNode, type Context } from "./context.ts";

/** One command to one node, which is up or refuses at once: ms. */
export const HASTE_DEADLINE_MS = 500;

/** What a leading Sentinel has decided, and who has not heard of it yet. */
export interface Decision {
  leader: ClusterNode;
  id: string;
  epoch: number;
  promoted: RedisNode;
  others: readonly RedisNode[];
}

/**
 * Tells the other Sentinels and points the other replicas. Both or none: a leader that hears its own configuration
 * back before it has pointed the replicas drops that step, and they would follow nobody for failover-timeout.
 */
export async function spread(ctx: Context, { leader, id, epoch, promoted, others }: Decision): Promise<void> {
  const { host, port } = promoted;
  const hello = [leader.host, leader.port, id, epoch, ctx.topology.name, host, port, epoch].join(",");
  const told = ctx.topology.sentinel.nodes
    .filter((node) => node.id !== leader.id)
    .map((node) => tell(ctx, node, [["PUBLISH", "__sentinel__:hello", hello]]));
  const pointed = others.map((node) =>
    tell(ctx, node, [
      ["REPLICAOF", host, String(port)],
      ["CONFIG", "REWRITE"],
    ]),
  );
  await Promise.all([...told, ...pointed]);
}

/** One that does not answer hears of it from Sentinel, as it would have anyway. */
async function tell(ctx: Context, node: ClusterNode, commands: [string, ...string[]][]): Promise<void> {
  try {
    await withNode(ctx, node, (redis) => redis.callAll(commands), HASTE_DEADLINE_MS);
  } catch (error) {
    ctx.report(`${node.id} was not told of the failover: ${explain(error)}`);
  }
}
