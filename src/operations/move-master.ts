import { until } from "../clock.ts";
import { can } from "../cluster/can.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { VedetteError } from "../errors.ts";
import { connect, type RedisConnection } from "../redis/client.ts";
import { parseInfo, persistenceInfo, replicationInfo } from "../redis/info.ts";
import { START_FENCE } from "../topology/fence.ts";
import { dial, type NodeId, type RedisNode } from "../topology/model.ts";
import { besideUs } from "./allowed.ts";
import { candidatesFor } from "./candidates.ts";
import { look, requireNode, withNode, type Context } from "./context.ts";
import { hasten } from "./hasten.ts";
import { change, ownSwitchover, writeSwitchover, type Moved } from "./switchover-record.ts";

export interface Move {
  from: NodeId;
  to: NodeId;
  /** Redis ends the pause by itself after so long: ms. */
  pauseMs: number;
}

/** One command to one node on an idle connection: ms. */
const COMMAND_DEADLINE_MS = 1_000;
/** The failover may still be under way when we are gone; the old master must not start as master so long: ms. */
const HOLD_MS = 60_000;
const AGREEMENT_DEADLINE_MS = 5_000;

/**
 * The critical part of a switchover: stops writes, waits until the candidate has every byte, asks a Sentinel for the
 * failover, and demotes the old master in the moment of the promotion.
 *
 * Whatever happens here or to us: Redis ends the pause by itself, and from the moment the promoted replica leaves it the
 * old master refuses writes (min-replicas-to-write). Throws without having put anything back: see conclude-switchover.ts.
 */
export async function moveMaster(ctx: Context, move: Move): Promise<void> {
  const now = besideUs(await look(ctx));
  assertUnmoved(ctx, now, move);
  const from = requireRedis(ctx, move.from);
  const to = requireRedis(ctx, move.to);
  await ctx.runtime.hold(from.id, ctx.clock.now() + HOLD_MS, "the master is being switched over");
  await fenceAgainstDetachment(ctx, from, now);
  const line = await connect({ ...dial(from), password: ctx.password, deadlineMs: COMMAND_DEADLINE_MS });
  try {
    const moved = await pauseAndMove(ctx, { ...move, line, to, now });
    writeSwitchover(ctx.topology, { ...ownSwitchover(ctx.topology), moved });
    await agreed(ctx, move.from);
  } finally {
    line.close();
  }
}

/** The last look before writes are stopped: what was planned must still be so. */
function assertUnmoved(ctx: Context, now: Snapshot, { from, to }: Move): void {
  const doing = `switching over ${ctx.topology.name}`;
  if (now.master?.node !== from) {
    throw new VedetteError(`${doing}: the master was ${from} and is now ${now.master?.node ?? "nobody"}`);
  }
  const refusal = can(ctx.topology, now, { operation: "switchover", to, lastMoveAt: null });
  if (refusal !== null) throw new VedetteError(`${doing}: ${refusal.reason}`, { next: refusal.next });
}

function requireRedis(ctx: Context, id: NodeId): RedisNode {
  const node = requireNode(ctx.topology, id);
  if (node.kind === "redis") return node;
  throw new VedetteError(`switching over ${ctx.topology.name}: ${id} is a Sentinel`);
}

/** With as many replicas demanded as are linked, one that is promoted and leaves ends the old master's writes. */
async function fenceAgainstDetachment(ctx: Context, from: RedisNode, now: Snapshot): Promise<void> {
  const linked = now.nodes.find((each) => each.node === from.id)?.connectedReplicas ?? 0;
  // A max-lag of 0 switches the whole rule off (refreshGoodSlavesCount).
  if (from.minReplicas.maxLag === 0) await change(ctx, from.id, "min-replicas-max-lag", "10");
  await change(ctx, from.id, "min-replicas-to-write", String(Math.max(1, linked)));
}

interface Moving extends Omit<Move, "to"> {
  line: RedisConnection;
  to: RedisNode;
  now: Snapshot;
}

async function pauseAndMove(ctx: Context, moving: Moving): Promise<Moved> {
  const { line, to, now, from, pauseMs } = moving;
  const begun = ctx.clock.monotonic();
  const since = () => Math.round((ctx.clock.monotonic() - begun) * 10) / 10;
  const [paused, replication, persistence] = await line.callAll([
    ["CLIENT", "PAUSE", String(pauseMs), "WRITE"],
    ["INFO", "replication"],
    ["INFO", "persistence"],
  ]);
  if (paused !== "OK") throw paused;
  const stopped = written(replication, persistence);
  await caughtUp(ctx, to, stopped.offset, pauseMs);
  const caughtUpMs = since();
  const sentinel = lastSentinel(now);
  writeSwitchover(ctx.topology, { ...ownSwitchover(ctx.topology), asked: sentinel });
  const late = new AbortController();
  const fencing = fenceIfLate(ctx, from, pauseMs - since(), late.signal);
  let demotion = { at: since(), written: stopped };
  try {
    const { promoted, epoch, askedAt, durationsMs } = await hasten(ctx, sentinel, now, async (chosen) => {
      demotion = { written: await demote(line, chosen), at: since() };
    });
    const lost = unwritten(stopped, demotion.written) ? 0 : null;
    return {
      promoted,
      epoch,
      askedAt,
      candidates: candidatesFor(from, now, now),
      pausedMs: demotion.at,
      offset: stopped.offset,
      demotedAt: demotion.written.offset,
      lost,
      durationsMs: { caughtUp: caughtUpMs, ...durationsMs },
    };
  } finally {
    late.abort();
    await fencing;
  }
}

interface Written {
  offset: number;
  /** Changes of the data set since the last save. */
  changes: number | null;
}

function written(replication: unknown, persistence: unknown): Written {
  const { masterOffset } = replicationInfo(parseInfo(String(replication)));
  const { changesSinceSave } = persistenceInfo(parseInfo(String(persistence)));
  if (masterOffset === null) throw new VedetteError("reading the master's replication offset: it tells none");
  return { offset: masterOffset, changes: changesSinceSave };
}

/** The stream also carries PINGs: an offset that has grown is no write if no key has changed. */
function unwritten(before: Written, after: Written): boolean {
  return after.offset === before.offset || (before.changes !== null && after.changes === before.changes);
}

/** Waits until the candidate has processed every byte that the master had when writes stopped. */
async function caughtUp(ctx: Context, to: RedisNode, offset: number, pauseMs: number): Promise<void> {
  const deadlineMs = Math.floor(pauseMs * 0.4);
  const has = async (redis: RedisConnection) => {
    const info = String(await redis.callWithin(deadlineMs, "INFO", "replication"));
    const { replicaOffset, linkUp } = replicationInfo(parseInfo(info));
    return linkUp === true && replicaOffset !== null && replicaOffset >= offset;
  };
  const reached = await withNode(
    ctx,
    to,
    (redis) => until(() => has(redis), { deadlineMs, everyMs: 1, clock: ctx.clock }),
    deadlineMs,
  ).catch(() => null); // one that does not answer has not reached it, either
  if (reached !== null) return;
  throw new VedetteError(
    `waiting for ${to.id}: it did not reach the master's offset ${offset} within ${deadlineMs} ms`,
    {
      next: "vedette status shows how far each replica is behind; try again when it is quieter",
    },
  );
}

/** Clients ask the Sentinels in order: the one that is busy with the failover should be the last they meet. */
function lastSentinel({ sentinels }: Snapshot): NodeId {
  const last = sentinels.findLast((each) => each.up);
  if (last === undefined) throw new VedetteError("asking for a failover: no Sentinel answers");
  return last.node;
}

/**
 * Closes the gap between the end of the pause and a promotion that comes late: a write that the old master took in it
 * would be lost. Safe start's own fence, so that the steward lifts it should we be gone.
 */
async function fenceIfLate(ctx: Context, from: NodeId, leftMs: number, done: AbortSignal): Promise<void> {
  await ctx.clock.sleep(leftMs * 0.7, done);
  if (done.aborted) return;
  try {
    await change(ctx, from, "min-replicas-to-write", String(START_FENCE));
    ctx.report(`${from} refuses writes until the Sentinels have decided: the promotion is late`);
  } catch {
    // It does not answer: then it takes no writes from others, either.
  }
}

/** Its clients are sent away rather than left with a read-only node; those that were paused have written nothing. */
async function demote(line: RedisConnection, { host, port }: RedisNode): Promise<Written> {
  const [replication, persistence, followed] = await line.callAll([
    ["INFO", "replication"],
    ["INFO", "persistence"],
    ["REPLICAOF", host, String(port)],
    ["CLIENT", "KILL", "TYPE", "normal"],
    ["CLIENT", "UNPAUSE"],
  ]);
  if (followed instanceof Error) throw followed;
  return written(replication, persistence);
}

/** Until a majority names another master the old one could still be started as master, but for the hold. */
async function agreed(ctx: Context, from: NodeId): Promise<void> {
  const moved = async () => ![null, undefined, from].includes((await look(ctx)).master?.node);
  const deadlineMs = AGREEMENT_DEADLINE_MS;
  if ((await until(moved, { deadlineMs, everyMs: 20, clock: ctx.clock })) !== null) return;
  throw new VedetteError(
    `waiting for the Sentinels: no majority names another master than ${from} after ${deadlineMs / 1000} s`,
  );
}
