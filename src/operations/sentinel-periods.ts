import { RedisError } from "../redis/redis-error.ts";
import type { RedisConnection } from "../redis/client.ts";
import type { SentinelNode, SentinelPeriods } from "../topology/model.ts";
import { withNode, type Context } from "./context.ts";

/** Sentinel polls a node's INFO every 10 s; while a cluster starts, each poll it has not made yet is a wait: ms. */
const HURRIED_INFO_MS = 500;

/**
 * Lets every Sentinel poll more often, so that it soon knows which replicas it could promote. `setPeriods` takes
 * it back; if nobody does, the steward does, and a restart of the Sentinel does too.
 */
export async function hurrySentinels(ctx: Context): Promise<void> {
  const info = Math.min(HURRIED_INFO_MS, ctx.topology.sentinel.periods.info);
  await eachSentinel(ctx, (redis) => debug(redis, { ...ctx.topology.sentinel.periods, info }));
}

/** Sets the topology's periods on every Sentinel that answers. They do not survive its restart. */
export async function setPeriods(ctx: Context): Promise<void> {
  await eachSentinel(ctx, (redis) => debug(redis, ctx.topology.sentinel.periods));
}

/** The arguments of SENTINEL DEBUG for these periods. */
export function debugArguments(periods: SentinelPeriods): string[] {
  const { ping, info, ask, publish } = periods;
  const pairs = { "ping-period": ping, "info-period": info, "ask-period": ask, "publish-period": publish };
  return Object.entries(pairs).flatMap(([name, ms]) => [name, String(ms)]);
}

async function debug(redis: RedisConnection, periods: SentinelPeriods): Promise<void> {
  try {
    await redis.call("SENTINEL", "DEBUG", ...debugArguments(periods));
  } catch (error) {
    // Redis 6.2 has no SENTINEL DEBUG: it runs at its stock periods, which are ours by default.
    if (!(error instanceof RedisError) || error.reply === null) throw error;
  }
}

async function eachSentinel(ctx: Context, use: (redis: RedisConnection) => Promise<void>): Promise<void> {
  const ask = (node: SentinelNode) => withNode(ctx, node, use);
  // One that does not answer is a finding of `status`, not a reason to stop here.
  await Promise.allSettled(ctx.topology.sentinel.nodes.map(ask));
}
