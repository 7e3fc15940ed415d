import { randomUUID } from "node:crypto";
import { rm } from "node:fs/promises";
import { dirname } from "node:path";
import type { RedisSeen, Snapshot } from "../cluster/snapshot.ts";
import { explain, VedetteError } from "../errors.ts";
import { keyspaceInfo, memoryInfo, parseInfo, replicationInfo, serverInfo } from "../redis/info.ts";
import type { NodeId, RedisNode } from "../topology/model.ts";
import { assertCan } from "./allowed.ts";
import {
  assertDiskSpace,
  makeBackupDir,
  makeTemporary,
  publish,
  removeTemporaries,
  sizeAndSum,
} from "./backup-files.ts";
import { parseCheck, type BackupManifest, type RdbFacts } from "./backup-manifest.ts";
import { look, requireNode, withNode, type Context } from "./context.ts";
import { appendHistory, historyFile } from "./history.ts";
import { runProgram } from "./programs.ts";

/** A source that does not answer for so long is given up; how long it takes to send is nobody's business: ms. */
const SILENCE_MS = 15_000;
const LISTEN_EVERY_MS = 1_000;

/** Where a backup is taken from, and why there. */
export interface BackupSource {
  node: NodeId;
  role: "master" | "replica";
  lagBytes: number | null;
  why: string;
}

/**
 * The replica with a link to its master that is least behind; only without any the master, whose fork and sending
 * every client would feel. Null when there is neither.
 */
export function chooseSource(snapshot: Snapshot): BackupSource | null {
  const lag = ({ lagBytes }: RedisSeen) => lagBytes ?? Infinity;
  const linked = snapshot.nodes.filter(
    (node) => node.state === "up" && node.role === "replica" && node.link === "up",
  );
  const best = linked.reduce<RedisSeen | null>(
    (found, node) => (found === null || lag(node) < lag(found) ? node : found),
    null,
  );
  if (best !== null) {
    const behind =
      best.lagBytes === null ? "how far it is behind is unknown" : `${best.lagBytes} bytes behind`;
    const why = `the most caught-up replica (${behind})`;
    return { node: best.node, role: "replica", lagBytes: best.lagBytes, why };
  }
  const master = snapshot.nodes.find((node) => node.node === snapshot.master?.node && node.role === "master");
  if (master?.state !== "up") return null;
  return {
    node: master.node,
    role: "master",
    lagBytes: 0,
    why: "the master, since no replica has a link to it",
  };
}

/**
 * Saves the whole data set as an RDB in the topology's backup directory, checked, with its manifest.
 *
 * Nothing has its final name before it is whole and checked; whatever fails, and when `signal` aborts, the half
 * that was written is deleted. Does not hold the operation lease: a long backup keeps nobody from restarting nodes.
 */
export async function backup(ctx: Context, signal: AbortSignal): Promise<BackupManifest> {
  const doing = `backing up ${ctx.topology.name}`;
  const snapshot = await look(ctx);
  assertCan(ctx, snapshot, { operation: "backup" }, doing);
  const source = chooseSource(snapshot);
  const node = source === null ? null : requireNode(ctx.topology, source.node);
  if (source === null || node?.kind !== "redis") {
    throw new VedetteError(`${doing}: there is no node to take it from`, { next: "vedette status" });
  }
  ctx.report(`taken from ${source.node}: ${source.why}`);
  const dir = ctx.topology.backupDir;
  await makeBackupDir(dir);
  const claim = await ctx.runtime.exclusive("backup");
  let temporary: string | null = null;
  try {
    await removeTemporaries(dir, ctx.topology.name);
    temporary = await makeTemporary(dir, ctx.topology.name, randomUUID());
    const manifest = await save(ctx, { doing, node, source, epoch: snapshot.epoch, dir, temporary, signal });
    remember(ctx, manifest);
    return manifest;
  } finally {
    if (temporary !== null) await rm(temporary, { force: true });
    await claim.release();
  }
}

interface Job {
  doing: string;
  node: RedisNode;
  source: BackupSource;
  epoch: number | null;
  dir: string;
  temporary: string;
  signal: AbortSignal;
}

async function save(ctx: Context, job: Job): Promise<BackupManifest> {
  const { doing, node, source, dir, temporary, signal } = job;
  const time = ctx.clock.now();
  const begun = ctx.clock.monotonic();
  const since = (from: number) => Math.round(ctx.clock.monotonic() - from);
  const before = await figuresOf(ctx, node);
  await assertDiskSpace(dir, before.usedBytes, doing);
  await transfer(ctx, job);
  const transferMs = since(begun);
  const after = await figuresOf(ctx, node);
  const checking = ctx.clock.monotonic();
  const [rdb, content] = [await check(ctx, doing, temporary, signal), await sizeAndSum(temporary)];
  const checkMs = since(checking);
  signal.throwIfAborted();
  return publish(dir, temporary, time, (id) => ({
    schema: 1,
    id,
    file: `${id}.rdb`,
    cluster: ctx.topology.name,
    time: new Date(time).toISOString(),
    ...content,
    redisVersion: rdb.redisVersion ?? before.version,
    epoch: job.epoch,
    source: {
      node: node.id,
      host: node.host,
      port: node.port,
      role: source.role,
      lagBytes: source.lagBytes,
      keysBefore: before.keys,
      keysAfter: after.keys,
      offsetBefore: before.offset,
      offsetAfter: after.offset,
    },
    replId: rdb.replId ?? before.replId,
    offset: rdb.offset,
    keys: rdb.keys,
    expires: rdb.expires,
    durationsMs: { transfer: transferMs, check: checkMs, total: since(begun) },
  }));
}

interface Figures {
  keys: Record<string, number>;
  offset: number | null;
  replId: string | null;
  version: string | null;
  usedBytes: number;
}

async function figuresOf(ctx: Context, node: RedisNode): Promise<Figures> {
  const info = parseInfo(String(await withNode(ctx, node, (redis) => redis.call("INFO"))));
  const { replicaOffset, masterOffset, replId } = replicationInfo(info);
  return {
    keys: keyspaceInfo(info),
    offset: replicaOffset ?? masterOffset,
    replId,
    version: serverInfo(info).version,
    usedBytes: memoryInfo(info).usedBytes ?? 0,
  };
}

/** redis-cli itself waits for ever for a source that hangs, so somebody listens whether it is still there. */
async function transfer(ctx: Context, { doing, node, temporary, signal }: Job): Promise<void> {
  const cli = await ctx.runtime.program("redis-cli", { dir: dirname(temporary) });
  const done = new AbortController();
  const silent = new AbortController();
  const guard = listenTo(ctx, node, silent, done.signal, doing);
  try {
    const { host, port } = cli.address(node);
    const args = ["-h", host, "-p", String(port), "--no-auth-warning", "--rdb", temporary];
    await runProgram(`${doing}: streaming from ${node.id}`, cli, args, {
      password: ctx.password,
      signal: AbortSignal.any([signal, silent.signal]),
    });
  } finally {
    done.abort();
    await guard;
  }
}

async function listenTo(
  ctx: Context,
  node: RedisNode,
  silent: AbortController,
  done: AbortSignal,
  doing: string,
): Promise<void> {
  let heardAt = ctx.clock.monotonic();
  while (!done.aborted) {
    await ctx.clock.sleep(LISTEN_EVERY_MS, done);
    if (done.aborted) return;
    try {
      await withNode(ctx, node, (redis) => redis.call("PING"));
      heardAt = ctx.clock.monotonic();
    } catch (error) {
      if (ctx.clock.monotonic() - heardAt < SILENCE_MS) continue;
      const seconds = SILENCE_MS / 1000;
      silent.abort(
        new VedetteError(`${doing}: ${node.id} has not answered for ${seconds} s: ${explain(error)}`),
      );
      return;
    }
  }
}

async function check(ctx: Context, doing: string, path: string, signal: AbortSignal): Promise<RdbFacts> {
  const program = await ctx.runtime.program("redis-check-rdb", { dir: dirname(path) });
  const facts = parseCheck(await runProgram(`${doing}: checking the RDB`, program, [path], { signal }));
  if (facts !== null) return facts;
  throw new VedetteError(`${doing}: redis-check-rdb does not say that the RDB is well; it was deleted`);
}

function remember(ctx: Context, manifest: BackupManifest): void {
  const { id, keys, bytes, source, epoch, durationsMs } = manifest;
  appendHistory(historyFile(ctx.topology), {
    time: ctx.clock.now(),
    kind: "backup",
    node: source.node,
    epoch,
    cause: `${id}: ${keys} keys, ${bytes} bytes`,
    durationsMs,
    by: "vedette backup",
  });
}
