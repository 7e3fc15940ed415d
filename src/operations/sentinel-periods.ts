import { until } from "../clock.ts";
import { RedisError } from "../redis/redis-error.ts";
import type { RedisConnection } from "../redis/client.ts";
import { parseMaster, parsePeriods } from "../redis/sentinel-replies.ts";
import type { SentinelNode, Topology } from "../topology/model.ts";
import { withNode, type Context } from "./context.ts";
import {
  periodWords,
  timingNow,
  timingSteps,
  type TimingSeen,
  type TimingStep,
} from "../cluster/sentinel-timing.ts";

/** Sentinel polls a node's INFO every 10 s; while a cluster starts, each poll it has not made yet is a wait: ms. */
const HURRIED_INFO_MS = 500;

/** One that has just been started answers soon, or is a finding of `status`: ms. */
const ANSWER_WITHIN_MS = 2_000;

/** Periods, then the down-after, then nothing: if there is still something, somebody else is setting it, too. */
const ROUNDS = 4;

/**
 * Lets every Sentinel poll more often, so that it soon knows which replicas it could promote. `setPeriods` takes
 * it back; if nobody does, the steward does, and a restart of the Sentinel does too.
 */
export async function hurrySentinels(ctx: Context): Promise<void> {
  const info = Math.min(HURRIED_INFO_MS, ctx.topology.sentinel.periods.info);
  // The other periods stay: a shorter down-after than they allow for may still be in force.
  const hurry = (node: SentinelNode) =>
    withNode(ctx, node, (redis) => debug(redis, ["info-period", String(info)]));
  await Promise.allSettled(ctx.topology.sentinel.nodes.map(hurry));
}

/**
 * Sets the topology's periods and down-after on every Sentinel that runs. The periods do not survive its restart; it
 * then starts with a down-after that is safe without them.
 */
export async function setPeriods(ctx: Context): Promise<void> {
  const processes = await ctx.runtime.inspect();
  const running = ctx.topology.sentinel.nodes.filter((node) =>
    processes.some((each) => each.node === node.id && each.state !== "stopped"),
  );
  // One that does not answer is a finding of `status`, not a reason to stop here.
  await Promise.all(running.map((node) => setWhenItAnswers(ctx, node)));
}

async function setWhenItAnswers(ctx: Context, node: SentinelNode): Promise<void> {
  const set = () => timeSentinel(ctx, node).catch(() => null);
  await until(set, { deadlineMs: ANSWER_WITHIN_MS, everyMs: 50, clock: ctx.clock });
}

/**
 * Brings one Sentinel to the topology's timing and returns what was set, in that order; looks again after each step,
 * since only what it says itself counts. Throws RedisError when it does not answer.
 */
export async function timeSentinel(ctx: Context, node: SentinelNode): Promise<TimingStep[]> {
  const pause = await ctx.runtime.pause();
  // Whoever ends a pause sets the timing back, in an order of its own: the master may have died in it.
  if (pause !== null && ctx.clock.now() >= pause.until) return [];
  return setTiming(ctx, node, timingNow(ctx.topology.sentinel, pause, ctx.clock.now()));
}

/** As `timeSentinel`, with this timing. */
export async function setTiming(
  ctx: Context,
  node: SentinelNode,
  wanted: Topology["sentinel"],
): Promise<TimingStep[]> {
  return withNode(ctx, node, async (redis) => {
    const done: TimingStep[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const steps = timingSteps(wanted, await timingOf(ctx, redis));
      if (steps.length === 0) break;
      for (const step of steps) await apply(ctx, redis, step);
      done.push(...steps);
    }
    return done;
  });
}

async function timingOf(ctx: Context, redis: RedisConnection): Promise<TimingSeen> {
  const [master, periods] = await redis.callAll([
    ["SENTINEL", "MASTER", ctx.topology.name],
    ["SENTINEL", "DEBUG"],
  ]);
  return { downAfterMs: parseMaster(master)?.downAfterMs ?? null, periods: parsePeriods(periods) };
}

async function apply(ctx: Context, redis: RedisConnection, step: TimingStep): Promise<void> {
  if (step.set === "periods") await debug(redis, periodWords(step.periods));
  else await redis.call("SENTINEL", "SET", ctx.topology.name, "down-after-milliseconds", step.ms);
}

async function debug(redis: RedisConnection, words: string[]): Promise<void> {
  try {
    await redis.call("SENTINEL", "DEBUG", ...words);
  } catch (error) {
    // Redis 6.2 has no SENTINEL DEBUG: it runs at its stock periods.
    if (!(error instanceof RedisError) || error.reply === null) throw error;
  }
}
