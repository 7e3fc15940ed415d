import { RedisError } from "../redis/redis-error.ts";
import { connect, type RedisConnection } from "../redis/client.ts";
import { parseInfo, serverInfo } from "../redis/info.ts";
import {
  parseLatencyHistory,
  parseLatencyLatest,
  parseSlowlog,
  type LatencySample,
  type SlowEntry,
} from "../redis/slow.ts";
import { dial, type NodeId, type RedisNode } from "../topology/model.ts";
import { ASK_DEADLINE_MS, type Context } from "./context.ts";

/** What `vedette monitor` reports, as it happens. */
export type SlowEvent = { node: NodeId } & (
  | { kind: "slow"; entry: SlowEntry }
  | { kind: "latency"; sample: LatencySample }
  /** More entries than the slow log holds came between two looks. */
  | { kind: "missed"; count: number }
  /** From which time on the server notes anything: µs (-1 = never) and ms (0 = never). */
  | { kind: "thresholds"; slowlogMicros: number | null; latencyMs: number | null }
  | { kind: "lost"; reason: string }
  | { kind: "back"; restarted: boolean }
);

const LOOK_EVERY_MS = 1_000;
const MORE_MEANWHILE = 64;

/** Our own questions may be slow, too, when the threshold is low: this name tells them from others'. */
const OWN_NAME = "vedette-monitor";

/** What we remember of one server between two looks, and over a reconnection if it is still the same server. */
interface Memory {
  runId: string | null;
  lastId: number;
  /** Event → its newest sample. */
  latencies: Map<string, LatencySample>;
}

/** Watches one node until `signal` aborts. A node that dies is reported, and watched again once it is back. */
export async function watchSlow(
  ctx: Context,
  node: RedisNode,
  signal: AbortSignal,
  use: (event: SlowEvent) => void,
): Promise<void> {
  let memory: Memory | null = null;
  let lost = false;
  while (!signal.aborted) {
    try {
      const redis = await open(ctx, node);
      try {
        const before: Memory | null = memory;
        memory = await greet(redis, before);
        if (lost)
          use({ node: node.id, kind: "back", restarted: before !== null && before.runId !== memory.runId });
        if (before === null) use({ node: node.id, kind: "thresholds", ...(await thresholds(redis)) });
        lost = false;
        await watchConnected(ctx, node, redis, memory, signal, use);
      } finally {
        redis.close();
      }
    } catch (error) {
      if (!(error instanceof RedisError)) throw error;
      if (!lost) use({ node: node.id, kind: "lost", reason: error.message });
      lost = true;
      await ctx.clock.sleep(LOOK_EVERY_MS, signal);
    }
  }
}

function open({ password }: Context, node: RedisNode): Promise<RedisConnection> {
  return connect({ ...dial(node), password, deadlineMs: ASK_DEADLINE_MS });
}

/**
 * At our first look what is noted already is old news; after a reconnection to the same server everything since
 * the last look is new; and of a server that restarted meanwhile, everything is.
 */
async function greet(redis: RedisConnection, before: Memory | null): Promise<Memory> {
  await redis.call("CLIENT", "SETNAME", OWN_NAME);
  const { runId } = serverInfo(parseInfo(String(await redis.call("INFO", "server"))));
  if (before !== null && before.runId === runId) return before;
  if (before !== null) return { runId, lastId: -1, latencies: new Map() };
  const [newest] = parseSlowlog(await redis.call("SLOWLOG", "GET", 1));
  const latest = parseLatencyLatest(await redis.call("LATENCY", "LATEST"));
  return { runId, lastId: newest?.id ?? -1, latencies: new Map(latest.map((each) => [each.event, each])) };
}

async function thresholds(
  redis: RedisConnection,
): Promise<{ slowlogMicros: number | null; latencyMs: number | null }> {
  const value = async (name: string) => {
    const reply = await redis.call("CONFIG", "GET", name);
    return Array.isArray(reply) && reply.length === 2 ? Number(reply[1]) : null;
  };
  return {
    slowlogMicros: await value("slowlog-log-slower-than"),
    latencyMs: await value("latency-monitor-threshold"),
  };
}

async function watchConnected(
  ctx: Context,
  { id }: RedisNode,
  redis: RedisConnection,
  memory: Memory,
  signal: AbortSignal,
  use: (event: SlowEvent) => void,
): Promise<void> {
  while (!signal.aborted) {
    for (const event of await lookForSlow(redis, memory)) use({ node: id, ...event });
    for (const sample of await lookForLatency(redis, memory)) use({ node: id, kind: "latency", sample });
    await ctx.clock.sleep(LOOK_EVERY_MS, signal);
  }
}

type Slow = { kind: "slow"; entry: SlowEntry } | { kind: "missed"; count: number };

async function lookForSlow(redis: RedisConnection, memory: Memory): Promise<Slow[]> {
  const [newest] = parseSlowlog(await redis.call("SLOWLOG", "GET", 1));
  if (newest === undefined || newest.id <= memory.lastId) return [];
  // More may come between the two questions, and they come first in the reply.
  const reply = await redis.call("SLOWLOG", "GET", newest.id - memory.lastId + MORE_MEANWHILE);
  const entries = parseSlowlog(reply).filter(({ id }) => id > memory.lastId);
  const missed = (entries.at(-1)?.id ?? newest.id) - memory.lastId - 1;
  memory.lastId = entries[0]?.id ?? newest.id;
  const others = entries.filter(({ clientName }) => clientName !== OWN_NAME).toReversed();
  return [
    ...(missed > 0 ? [{ kind: "missed", count: missed } satisfies Slow] : []),
    ...others.map((entry): Slow => ({ kind: "slow", entry })),
  ];
}

/** A sample is of one second and may grow while that second lasts. */
async function lookForLatency(redis: RedisConnection, memory: Memory): Promise<LatencySample[]> {
  const found: LatencySample[] = [];
  for (const latest of parseLatencyLatest(await redis.call("LATENCY", "LATEST"))) {
    const known = memory.latencies.get(latest.event);
    if (known !== undefined && known.time === latest.time && known.ms >= latest.ms) continue;
    const history = parseLatencyHistory(latest.event, await redis.call("LATENCY", "HISTORY", latest.event));
    const fresh = history.filter(
      ({ time, ms }) => known === undefined || time > known.time || (time === known.time && ms > known.ms),
    );
    found.push(...fresh);
    memory.latencies.set(latest.event, fresh.at(-1) ?? latest);
  }
  return found;
}
