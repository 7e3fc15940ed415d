import { VedetteError } from "../errors.ts";
import { connect, type RedisConnection } from "../redis/client.ts";
import { parseEvent, type SentinelEvent } from "../redis/events.ts";
import { dial, majority, type NodeId, type SentinelNode, type Topology } from "../topology/model.ts";
import { ASK_DEADLINE_MS, type Context } from "./context.ts";

/** One event as one Sentinel told it. */
export interface HeardEvent {
  sentinel: NodeId;
  /** Monotonic ms. */
  at: number;
  event: SentinelEvent;
}

/**
 * Listens to everything that every Sentinel says, until the returned function is called.
 *
 * Throws when fewer than a majority can be listened to: then one would miss who decided.
 */
export async function watchSentinels(
  ctx: Context,
  onEvent: (heard: HeardEvent) => void,
): Promise<() => void> {
  const opened = await Promise.allSettled(
    ctx.topology.sentinel.nodes.map((node) => listen(ctx, node, onEvent)),
  );
  const listening = opened.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  const stop = () => {
    for (const redis of listening) redis.close();
  };
  if (listening.length >= majority(ctx.topology)) return stop;
  stop();
  const cause: unknown = opened.find((each) => each.status === "rejected")?.reason;
  throw new VedetteError(
    `listening to the Sentinels: only ${listening.length} of ${opened.length} can be heard`,
    { cause },
  );
}

/** A Sentinel may watch other masters, too: true unless the event is about one of those. */
export function isAboutUs({ name }: Topology, event: SentinelEvent): boolean {
  if (event.kind === "switch-master") return event.name === name;
  return event.kind !== "instance" || event.master.name === name;
}

/** Listens to one Sentinel on a connection of its own. Throws RedisError when it cannot be subscribed to. */
export async function listen(
  ctx: Context,
  node: SentinelNode,
  onEvent: (heard: HeardEvent) => void,
): Promise<RedisConnection> {
  const redis = await connect({ ...dial(node), password: ctx.password, deadlineMs: ASK_DEADLINE_MS });
  try {
    await redis.psubscribe("*", (message, channel) => {
      onEvent({ sentinel: node.id, at: ctx.clock.monotonic(), event: parseEvent(channel, message) });
    });
    return redis;
  } catch (error) {
    redis.close();
    throw error;
  }
}
