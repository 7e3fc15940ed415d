import { until } from "../clock.ts";
import type { Address, Snapshot } from "../cluster/snapshot.ts";
import { explain, VedetteError } from "../errors.ts";
import { RedisError } from "../redis/redis-error.ts";
import type { ClusterNode, RedisNode } from "../topology/model.ts";
import { look, withNode, type Context } from "./context.ts";

/** How `test-failover` makes the master fail. */
export type Fault = "kill" | "stop" | "hang";

/** A SHUTDOWN waits up to shutdown-timeout (10 s) for replicas, and then saves: ms. */
const END_DEADLINE_MS = 60_000;

/** Undoes the fault. The node comes back through safe start, or is made a replica of the master that is named. */
export async function bringBack(ctx: Context, old: RedisNode, fault: Fault): Promise<void> {
  if (fault === "hang") await thaw(ctx, old);
  else await restart(ctx, old);
}

/** Starts a node once its process has ended. */
export async function restart(ctx: Context, old: ClusterNode): Promise<void> {
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
 * For the same reason it stays frozen, where it does no harm, while the Sentinels already hold it for down but have
 * not named another; and one that woke up too late to prevent a failover is watched until that is over.
 */
async function thaw(ctx: Context, old: RedisNode): Promise<void> {
  await until(() => decision(ctx, old), decisionWait(ctx));
  await ctx.runtime.fault(old.id, "continue");
  await stepDown(ctx, old);
}

/** Makes a node that still says it is master a replica of the one that the Sentinels name, if that is another. */
export async function stepDown(ctx: Context, old: RedisNode): Promise<void> {
  const named = (await until(() => decision(ctx, old), decisionWait(ctx)))?.master ?? null;
  if (named === null || named.node === old.id) return;
  try {
    await demote(ctx, old, named);
  } catch (error) {
    ctx.report(
      `${old.id} could not be told that ${named.node} is master now; Sentinel will do it: ${explain(error)}`,
    );
  }
}

function decisionWait({ topology, clock }: Context) {
  const { downAfterMs, failoverTimeoutMs } = topology.sentinel;
  return { deadlineMs: downAfterMs + 3 * failoverTimeoutMs, everyMs: 20, clock };
}

/** What is seen once the Sentinels name another master, or have no doubt about this one. */
async function decision(ctx: Context, old: RedisNode): Promise<Snapshot | null> {
  const snapshot = await look(ctx);
  const moved = snapshot.master !== null && snapshot.master.node !== old.id;
  return moved || isCalm(snapshot) ? snapshot : null;
}

/** No Sentinel holds the master for down or fails it over, and all that answer name the same one. */
export function isCalm({ master, sentinels }: Snapshot): boolean {
  const heard = sentinels.filter((each) => each.up);
  const trouble = ["s_down", "o_down", "failover_in_progress"];
  return (
    master !== null &&
    heard.every(
      (each) => each.masterNode === master.node && !each.flags.some((flag) => trouble.includes(flag)),
    )
  );
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
