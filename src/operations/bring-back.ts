import { until } from "../clock.ts";
import type { Address } from "../cluster/snapshot.ts";
import { explain, VedetteError } from "../errors.ts";
import { RedisError } from "../redis/redis-error.ts";
import type { RedisNode } from "../topology/model.ts";
import { look, withNode, type Context } from "./context.ts";

/** How `test-failover` makes the master fail. */
export type Fault = "kill" | "stop" | "hang";

/** A SHUTDOWN waits up to shutdown-timeout (10 s) for replicas, and then saves: ms. */
const END_DEADLINE_MS = 60_000;
/** How long a failover that is under way is waited for before a frozen master is let go on: ms. */
const CALM_DEADLINE_MS = 15_000;

/** Undoes the fault. The node comes back through safe start, or is made a replica of the master that is named. */
export async function bringBack(ctx: Context, old: RedisNode, fault: Fault): Promise<void> {
  if (fault === "hang") await thaw(ctx, old);
  else await restart(ctx, old);
}

async function restart(ctx: Context, old: RedisNode): Promise<void> {
  const ended = async () =>
    (await ctx.runtime.inspect()).some((each) => each.node === old.id && each.pid === null);
  if ((await until(ended, { deadlineMs: END_DEADLINE_MS, everyMs: 20, clock: ctx.clock })) === null) {
    throw new VedetteError(
      `bringing ${old.id} back: its process has not ended after ${END_DEADLINE_MS / 1000} s`,
      {
        next: `vedette stop ${old.id} --force, then vedette start ${old.id}`,
      },
    );
  }
  await ctx.runtime.start(old.id);
}

/**
 * Lets a frozen master go on. It wakes up as a master: where the Sentinels have named another one, it is told so
 * at once. Left to Sentinel that takes four publish periods (8 s), and whatever it acknowledges meanwhile is lost.
 * While a failover is half done nobody knows yet whom to follow; frozen, the node does no harm.
 */
async function thaw(ctx: Context, old: RedisNode): Promise<void> {
  const calm = async () => {
    const snapshot = await look(ctx);
    return snapshot.sentinels.some((each) => each.flags.includes("failover_in_progress")) ? null : snapshot;
  };
  const seen = await until(calm, { deadlineMs: CALM_DEADLINE_MS, everyMs: 50, clock: ctx.clock });
  await ctx.runtime.fault(old.id, "continue");
  const named = seen?.master ?? null;
  if (named === null || named.node === old.id) return;
  try {
    await demote(ctx, old, named);
  } catch (error) {
    ctx.report(
      `${old.id} could not be told that ${named.node} is master now; Sentinel will do it: ${explain(error)}`,
    );
  }
}

/** What Sentinel itself sends to a master that is one no longer (sentinelSendSlaveOf). */
async function demote(ctx: Context, old: RedisNode, master: Address): Promise<void> {
  const replies = await withNode(ctx, old, (redis) =>
    redis.callAll([
      ["MULTI"],
      ["REPLICAOF", master.host, master.port],
      ["CONFIG", "REWRITE"],
      ["CLIENT", "KILL", "TYPE", "normal"],
      ["CLIENT", "KILL", "TYPE", "pubsub"],
      ["EXEC"],
    ]),
  );
  const refused = replies.find((reply) => reply instanceof RedisError);
  if (refused instanceof RedisError) throw refused;
}
