import { until } from "../clock.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { VedetteError } from "../errors.ts";
import { requireNode, withNode, type Context } from "./context.ts";
import { connect } from "../redis/client.ts";
import { parseEvent } from "../redis/events.ts";
import { dial, type ClusterNode, type NodeId, type RedisNode } from "../topology/model.ts";
import { RoleWatch } from "./role-watch.ts";
import { HASTE_DEADLINE_MS, spread } from "./spread.ts";

/** What a hastened failover did: times are ms since it was asked for. */
export interface Hastened {
  promoted: NodeId;
  epoch: number;
  /** Wall clock ms. */
  askedAt: number;
  durationsMs: { asked: number; promoted: number; spread: number };
}

/** A promotion takes four of Sentinel's ticks, some 0.2 s; after this long it is left to Sentinel: ms. */
const PROMOTION_DEADLINE_MS = 3_000;

/**
 * Asks one Sentinel for a failover, and, as soon as the replica it chose answers as master, carries that decision to
 * the other Sentinels and replicas.
 *
 * The decision is Sentinel's: its choice, its epoch. What is spread is the very hello message that it would send
 * itself 0.8 s later, after its next INFO poll (a literal 1000 ms in sentinelSendPeriodicCommands). `alongside` is
 * done in the moment of the promotion, while others are told. Throws when the Sentinel refuses or nobody was promoted;
 * then nothing was changed and Sentinel goes on at its own pace.
 */
export async function hasten(
  ctx: Context,
  sentinel: NodeId,
  now: Snapshot,
  alongside: (promoted: RedisNode) => Promise<void> = async () => {},
): Promise<Hastened> {
  const begun = ctx.clock.monotonic();
  const askedAt = ctx.clock.now();
  const since = () => Math.round(ctx.clock.monotonic() - begun);
  const leader = requireNode(ctx.topology, sentinel);
  const replicas = ctx.topology.redis.nodes.filter((node) =>
    now.nodes.some((seen) => seen.node === node.id && seen.state === "up" && seen.role === "replica"),
  );
  const news = await listenForEpoch(ctx, leader);
  try {
    const id = await askForFailover(ctx, leader);
    const asked = since();
    const promoted = await whoeverIsPromoted(ctx, replicas);
    const promotedAt = since();
    const epoch = news.epoch();
    if (epoch === null) throw new VedetteError(`${sentinel} told no epoch for the failover that it began`);
    const others = replicas.filter((node) => node.id !== promoted.id);
    const telling = ctx.topology.failover.spread
      ? spread(ctx, { leader, id, epoch, promoted, others })
      : Promise.resolve();
    await Promise.all([alongside(promoted), telling]);
    const durationsMs = { asked, promoted: promotedAt, spread: since() };
    return { promoted: promoted.id, epoch, askedAt, durationsMs };
  } finally {
    news.close();
  }
}

/** The leader's own epoch is in none of its replies before the switch; it tells it when the failover begins. */
async function listenForEpoch(ctx: Context, leader: ClusterNode) {
  const redis = await connect({ ...dial(leader), password: ctx.password, deadlineMs: HASTE_DEADLINE_MS });
  let epoch: number | null = null;
  try {
    await redis.subscribe("+new-epoch", (message, channel) => {
      const event = parseEvent(channel, message);
      if (event.kind === "epoch") epoch = event.epoch;
    });
  } catch (error) {
    redis.close();
    throw error;
  }
  return { epoch: () => epoch, close: () => redis.close() };
}

/** The leader's run id, once it has accepted. */
async function askForFailover(ctx: Context, leader: ClusterNode): Promise<string> {
  return withNode(
    ctx,
    leader,
    async (redis) => {
      const id = String(await redis.call("SENTINEL", "MYID"));
      await redis.call("SENTINEL", "FAILOVER", ctx.topology.name);
      return id;
    },
    HASTE_DEADLINE_MS,
  );
}

/** Watches the replicas' own roles: Sentinel would notice only at its next poll. */
async function whoeverIsPromoted(ctx: Context, replicas: readonly RedisNode[]): Promise<RedisNode> {
  const watches = replicas.map((node) => new RoleWatch(ctx, node));
  try {
    const found = await until(
      async () => {
        const masters = await Promise.all(watches.map((watch) => watch.isMaster()));
        return replicas.find((_, i) => masters[i]) ?? null;
      },
      { deadlineMs: PROMOTION_DEADLINE_MS, everyMs: 5, clock: ctx.clock },
    );
    if (found !== null) return found;
    throw new VedetteError(`waiting for a promotion: nobody is master after ${PROMOTION_DEADLINE_MS} ms`);
  } finally {
    for (const watch of watches) watch.close();
  }
}
