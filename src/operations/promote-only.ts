import { until } from "../clock.ts";
import { VedetteError, explain } from "../errors.ts";
import type { RedisNode, NodeId } from "../topology/model.ts";
import { look, requireNode, withNode, type Context } from "./context.ts";

/** Sentinel prefers the lowest priority above 0. */
const FIRST_CHOICE = "1";
const PROMOTION_DEADLINE_MS = 30_000;

/**
 * Gets the Sentinels to promote exactly this node: it gets the best priority, then a Sentinel is asked for a
 * failover, which needs no votes. Used only when the named master is gone and a person chose (`--force-master`).
 */
export async function promoteOnly(ctx: Context, id: NodeId): Promise<void> {
  const node = requireNode(ctx.topology, id);
  if (node.kind !== "redis") throw new VedetteError(`promoting ${id}: it is a Sentinel`);
  const asked = await until(() => ask(ctx, node), {
    deadlineMs: PROMOTION_DEADLINE_MS,
    everyMs: 250,
    clock: ctx.clock,
  });
  try {
    if (asked !== "named")
      throw new VedetteError(
        `promoting ${id}: the Sentinels did not name it within ${PROMOTION_DEADLINE_MS / 1000} s`,
        {
          next: "type `vedette sentinel-status` to see what each of them says",
        },
      );
  } finally {
    await withNode(ctx, node, (redis) =>
      redis.call("CONFIG", "SET", "replica-priority", String(node.priority)),
    );
  }
}

/** One attempt; "named" once the Sentinels name the node. Replies such as NOGOODSLAVE and INPROG pass with time. */
async function ask(ctx: Context, node: RedisNode): Promise<"named" | null> {
  const snapshot = await look(ctx);
  if (snapshot.master?.node === node.id) return "named";
  if (snapshot.nodes.find((each) => each.node === node.id)?.state !== "up") return null;
  const inProgress = snapshot.sentinels.some((each) => each.flags.includes("failover_in_progress"));
  const sentinel = snapshot.sentinels.find((each) => each.up);
  if (inProgress || sentinel === undefined) return null;
  await withNode(ctx, node, (redis) => redis.call("CONFIG", "SET", "replica-priority", FIRST_CHOICE));
  try {
    const asked = requireNode(ctx.topology, sentinel.node);
    await withNode(ctx, asked, (redis) => redis.call("SENTINEL", "FAILOVER", ctx.topology.name));
    ctx.report(`${sentinel.node} fails over to ${node.id}`);
  } catch (error) {
    ctx.report(`${sentinel.node}: ${explain(error)}; asking again`);
  }
  return null;
}
