import { until } from "../clock.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { explain, VedetteError } from "../errors.ts";
import { requireNode, withNode, type Context } from "../operations/context.ts";
import { connect, type RedisConnection } from "../redis/client.ts";
import { parseEvent } from "../redis/events.ts";
import type { ClusterNode, NodeId, RedisNode } from "../topology/model.ts";

/** What a hastened failover did: times are ms since it was asked for. */
export interface Hastened {
  promoted: NodeId;
  epoch: number;
  durationsMs: { asked: number; promoted: number; spread: number };
}

/** A promotion takes four of Sentinel's ticks, some 0.2 s; after this long it is left to Sentinel: ms. */
const PROMOTION_DEADLINE_MS = 3_000;
/** One command to one node, which is up or refuses at once: ms. */
const COMMAND_DEADLINE_MS = 500;

/**
 * Asks one Sentinel for a failover, and, as soon as the replica it chose answers as master, carries that decision to
 * the other Sentinels and replicas.
 *
 * The decision is Sentinel's: its choice, its epoch. What is spread is the very hello message that it would send
 * itself 0.8 s later, after its next INFO poll (a literal 1000 ms in sentinelSendPeriodicCommands). Throws when the
 * Sentinel refuses or nobody was promoted; then nothing was changed and Sentinel goes on at its own pace.
 */
export async function hasten(ctx: Context, sentinel: NodeId, now: Snapshot): Promise<Hastened> {
  const begun = ctx.clock.monotonic();
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
    if (ctx.topology.failover.spread) await spread(ctx, { leader, id, epoch, promoted, others });
    return { promoted: promoted.id, epoch, durationsMs: { asked, promoted: promotedAt, spread: since() } };
  } finally {
    news.close();
  }
}

/** The leader's own epoch is in none of its replies before the switch; it tells it when the failover begins. */
async function listenForEpoch(ctx: Context, leader: ClusterNode) {
  const { host, port } = leader;
  const redis = await connect({ host, port, password: ctx.password, deadlineMs: COMMAND_DEADLINE_MS });
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
    COMMAND_DEADLINE_MS,
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

/** Asks one node for its role over and over. The promotion itself kills the connection (CLIENT KILL TYPE normal). */
class RoleWatch {
  private line: RedisConnection | null = null;

  constructor(
    private readonly ctx: Context,
    private readonly node: RedisNode,
  ) {}

  async isMaster(): Promise<boolean> {
    const { host, port } = this.node;
    try {
      this.line ??= await connect({
        host,
        port,
        password: this.ctx.password,
        deadlineMs: COMMAND_DEADLINE_MS,
      });
      const role = await this.line.call("ROLE");
      return Array.isArray(role) && String(role[0]) === "master";
    } catch {
      this.close(); // killed by the promotion, or the node has ended, too: the next attempt tells
      return false;
    }
  }

  close(): void {
    this.line?.close();
    this.line = null;
  }
}

interface Decision {
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
async function spread(ctx: Context, { leader, id, epoch, promoted, others }: Decision): Promise<void> {
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
    await withNode(ctx, node, (redis) => redis.callAll(commands), COMMAND_DEADLINE_MS);
  } catch (error) {
    ctx.report(`${node.id} was not told of the failover: ${explain(error)}`);
  }
}
