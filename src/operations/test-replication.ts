import { randomUUID } from "node:crypto";
import { until } from "../clock.ts";
import { explain } from "../errors.ts";
import { connect, type RedisConnection } from "../redis/client.ts";
import { dial, type NodeId, type RedisNode } from "../topology/model.ts";
import { assertCan, namedMaster } from "./allowed.ts";
import { ASK_DEADLINE_MS, look, withNode, type Context } from "./context.ts";
import { assertRoom } from "./headroom.ts";

/** All keys that tests write begin with this. */
export const TEST_PREFIX = "vedette:test:";

export interface ReplicationTest {
  cluster: string;
  /** Every replica of the topology had the value in time, and the key is gone again everywhere. */
  ok: boolean;
  master: NodeId;
  key: string;
  /** From sending the write to its acknowledgement: ms. */
  writeMs: number;
  /** WAIT on the writing connection: how many replicas it asked for and got, and after how long: ms. */
  wait: { asked: number; acknowledged: number; ms: number };
  replicas: ReplicaRead[];
  /** The key was deleted afterwards, and that was seen on every node that had it. */
  deleted: boolean;
}

export interface ReplicaRead {
  node: NodeId;
  ok: boolean;
  /** From sending the write on the master to reading it here: ms. */
  ms: number | null;
  /** Why it was not read. */
  reason: string | null;
}

/** How long a replica may take to have the value: ms. */
const DEADLINE_MS = 5_000;
/** The key goes by itself if we die before we can delete it: s. */
const EXPIRY_S = 60;
/** Far more than one key of this size takes: bytes. */
const KEY_BYTES = 1_024;

/** Writes one key on the master that the Sentinels name, reads it on every replica, and deletes it. */
export async function testReplication(ctx: Context): Promise<ReplicationTest> {
  const doing = `testing the replication of ${ctx.topology.name}`;
  const snapshot = await look(ctx);
  assertCan(ctx, snapshot, { operation: "testReplication" }, doing);
  const master = namedMaster(ctx, snapshot, doing);
  const linked = snapshot.nodes.filter((node) => node.role === "replica" && node.link === "up").length;
  const replicas = ctx.topology.redis.nodes.filter((node) => node.id !== master.id);
  return withNode(ctx, master, async (redis) => {
    await assertRoom(redis, KEY_BYTES, doing, "raise maxmemory, or delete keys, first");
    return onMaster(ctx, redis, { master, replicas, linked });
  });
}

interface Cast {
  master: RedisNode;
  replicas: RedisNode[];
  /** Replicas whose link is up: those that WAIT can hear of. */
  linked: number;
}

async function onMaster(ctx: Context, redis: RedisConnection, cast: Cast): Promise<ReplicationTest> {
  const key = `${TEST_PREFIX}replication:${randomUUID()}`;
  const value = randomUUID();
  // Connected before the write: the time of a replica is that of the replication, not of our handshake.
  const readers = await Promise.all(cast.replicas.map((node) => openReader(ctx, node)));
  try {
    const begun = ctx.clock.monotonic();
    const since = () => Math.round((ctx.clock.monotonic() - begun) * 1000) / 1000;
    await redis.call("SET", key, value, "EX", EXPIRY_S);
    const writeMs = since();
    const [wait, reads] = await Promise.all([
      awaitReplicas(redis, cast.linked, since),
      Promise.all(readers.map((reader) => readBack(ctx, reader, key, value, since))),
    ]);
    const deleted = await deleteEverywhere(ctx, redis, readers, reads, key);
    const ok = deleted && reads.every((read) => read.ok);
    return {
      cluster: ctx.topology.name,
      ok,
      master: cast.master.id,
      key,
      writeMs,
      wait,
      replicas: reads,
      deleted,
    };
  } finally {
    for (const reader of readers) reader.redis?.close();
  }
}

interface Reader {
  node: NodeId;
  redis: RedisConnection | null;
  error: string | null;
}

async function openReader(ctx: Context, node: RedisNode): Promise<Reader> {
  try {
    const redis = await connect({ ...dial(node), password: ctx.password, deadlineMs: ASK_DEADLINE_MS });
    return { node: node.id, redis, error: null };
  } catch (error) {
    return { node: node.id, redis: null, error: explain(error) };
  }
}

async function awaitReplicas(
  redis: RedisConnection,
  asked: number,
  since: () => number,
): Promise<ReplicationTest["wait"]> {
  const heard = await redis.callWithin(DEADLINE_MS + ASK_DEADLINE_MS, "WAIT", asked, DEADLINE_MS);
  return { asked, acknowledged: Number(heard), ms: since() };
}

async function readBack(
  ctx: Context,
  { node, redis, error }: Reader,
  key: string,
  value: string,
  since: () => number,
): Promise<ReplicaRead> {
  if (redis === null) return { node, ok: false, ms: null, reason: error };
  try {
    const found = await until(async () => (await redis.call("GET", key)) === value, {
      deadlineMs: DEADLINE_MS,
      everyMs: 1,
      clock: ctx.clock,
    });
    if (found !== null) return { node, ok: true, ms: since(), reason: null };
    return { node, ok: false, ms: null, reason: `the value was not there after ${DEADLINE_MS / 1000} s` };
  } catch (failure) {
    return { node, ok: false, ms: null, reason: explain(failure) };
  }
}

/** Deletes the key and sees it gone on the master and on every replica that had it. */
async function deleteEverywhere(
  ctx: Context,
  master: RedisConnection,
  readers: readonly Reader[],
  reads: readonly ReplicaRead[],
  key: string,
): Promise<boolean> {
  await master.call("UNLINK", key);
  const had = new Set(reads.filter((read) => read.ok).map((read) => read.node));
  const copies = readers.flatMap(({ node, redis }) => (redis !== null && had.has(node) ? [redis] : []));
  const isGone = async (redis: RedisConnection) => (await redis.call("EXISTS", key)) === 0;
  const seen = await Promise.allSettled(
    [master, ...copies].map((redis) =>
      until(() => isGone(redis), { deadlineMs: DEADLINE_MS, everyMs: 5, clock: ctx.clock }),
    ),
  );
  return seen.every((each) => each.status === "fulfilled" && each.value === true);
}
