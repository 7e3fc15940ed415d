import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { VedetteError } from "../../src/errors.ts";
import { backup } from "../../src/operations/backup.ts";
import type { Program } from "../../src/runtimes/runtime.ts";
import type { BackupManifest } from "../../src/operations/backup-manifest.ts";
import type { Context } from "../../src/operations/context.ts";
import { historyFile, readHistory } from "../../src/operations/history.ts";
import { connect, type RedisConnection } from "../../src/redis/client.ts";
import type { Runtime } from "../../src/runtimes/runtime.ts";
import { freePorts, LiveCluster } from "../kit/live-cluster.ts";
import { Writer } from "../kit/writer.ts";

let cluster: LiveCluster;
let dir: string;

beforeAll(async () => {
  cluster = await LiveCluster.create();
  dir = cluster.topology.backupDir;
  await cluster.up();
});

afterAll(async () => {
  await cluster?.destroy();
});

beforeEach(async () => {
  await cluster.settled();
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

const program = (path: string): Program => ({ path, args: [], address: ({ reach }) => reach });
const never = new AbortController().signal;
const listing = () => readdirSync(dir).toSorted();

/** Every key with its serialized value and time to live, per database. */
async function contents(redis: RedisConnection): Promise<Record<string, unknown>> {
  const found: Record<string, unknown> = {};
  for (const database of [0, 3]) {
    await redis.call("SELECT", database);
    for (const key of (await redis.call("KEYS", "*")) as string[]) {
      const dump = String(
        await redis.call("EVAL", "return redis.sha1hex(redis.call('DUMP', KEYS[1]))", 1, key),
      );
      found[`${database}/${key}`] = [dump, await redis.call("PEXPIRETIME", key)];
    }
  }
  return found;
}

/** What a server of its own finds in the RDB. */
async function loaded(rdb: string): Promise<Record<string, unknown>> {
  const home = mkdtempSync(join(tmpdir(), "vedette-load-"));
  copyFileSync(rdb, join(home, "dump.rdb"));
  const port = await freePorts(1);
  const server = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--dir", home, "--save", ""],
    {
      stdio: "ignore",
    },
  );
  const ended = new Promise((resolve) => server.once("exit", resolve));
  try {
    const open = () => connect({ host: "127.0.0.1", port, deadlineMs: 500 }).catch(() => null);
    const redis = await until(open, { deadlineMs: 10_000 });
    if (redis === null) throw new Error("the scratch server did not start");
    return await contents(redis).finally(() => redis.close());
  } finally {
    server.kill("SIGKILL");
    await ended;
    rmSync(home, { recursive: true, force: true });
  }
}

async function onMaster<T>(use: (redis: RedisConnection) => Promise<T>): Promise<T> {
  const { master } = await cluster.look();
  if (master === null) throw new Error("no master");
  const redis = await connect({ host: master.host, port: master.port, deadlineMs: 2_000 });
  return use(redis).finally(() => redis.close());
}

function readManifest(id: string): BackupManifest {
  return JSON.parse(readFileSync(join(dir, `${id}.json`), "utf8")) as BackupManifest;
}

/** The cluster's context with some of the runtime replaced. */
function withRuntime(changes: Partial<Runtime>): Context {
  return { ...cluster.ctx, runtime: Object.assign(Object.create(cluster.runtime) as Runtime, changes) };
}

describe("a backup", () => {
  it("of an empty cluster works", async () => {
    const manifest = await backup(cluster.ctx, never);
    expect(manifest).toMatchObject({ keys: 0, source: { keysBefore: {}, keysAfter: {} } });
    expect(await loaded(join(dir, manifest.file))).toEqual({});
  });

  it("holds every key of every type and database, and says so", async () => {
    await onMaster(async (redis) => {
      for (let n = 0; n < 300; n += 1) await redis.call("SET", `text:${n}`, "x".repeat(n));
      await redis.call("SET", "going", "soon", "PXAT", Date.now() + 3_600_000);
      await redis.call("RPUSH", "list", "a", "b");
      await redis.call("HSET", "hash", "field", "\u0000\r\n'\"");
      await redis.call("SADD", "set", "1", "2");
      await redis.call("ZADD", "sorted", "1.5", "member");
      await redis.call("XADD", "stream", "*", "k", "v");
      await redis.call("SELECT", 3);
      await redis.call("SET", "elsewhere", "value");
      await redis.call("WAIT", 3, 2_000);
    });
    const snapshot = await cluster.look();
    const manifest = await backup(cluster.ctx, never);

    expect(listing()).toEqual([`${manifest.id}.json`, manifest.file]);
    expect(manifest.id).toMatch(/^dump-\d{8}-\d{6}$/);
    expect(readManifest(manifest.id)).toEqual(manifest);
    expect(manifest).toMatchObject({
      schema: 1,
      cluster: cluster.topology.name,
      epoch: snapshot.epoch,
      redisVersion: snapshot.nodes[0]?.version,
      keys: 307,
      expires: 1,
      source: { role: "replica", keysBefore: { db0: 306, db3: 1 }, keysAfter: { db0: 306, db3: 1 } },
    });
    expect(snapshot.nodes.find((node) => node.node === manifest.source.node)?.role).toBe("replica");
    expect(manifest.replId).toBe(snapshot.nodes[0]?.replId);
    expect(manifest.offset).toBeGreaterThanOrEqual(manifest.source.offsetBefore ?? Infinity);
    expect(manifest.offset).toBeLessThanOrEqual(manifest.source.offsetAfter ?? -1);

    const rdb = readFileSync(join(dir, manifest.file));
    expect(manifest.bytes).toBe(rdb.length);
    expect(manifest.sha256).toBe(createHash("sha256").update(rdb).digest("hex"));
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    for (const name of listing()) expect(statSync(join(dir, name)).mode & 0o777).toBe(0o600);
    expect(await loaded(join(dir, manifest.file))).toEqual(await onMaster(contents));
    expect(readHistory(historyFile(cluster.topology)).at(-1)).toMatchObject({
      kind: "backup",
      node: manifest.source.node,
      by: "vedette backup",
    });
  });

  it("under a writing client holds everything that was confirmed before it began", async () => {
    const writer = new Writer(cluster, "busy:").start();
    try {
      await writer.wroteAgain();
      const before = [...writer.confirmed];
      const manifest = await backup(cluster.ctx, never);
      expect(writer.confirmed.length).toBeGreaterThan(before.length);
      const found = await loaded(join(dir, manifest.file));
      expect(before.filter((number) => found[`0/busy:${number}`] === undefined)).toEqual([]);
      expect(Object.keys(found)).toHaveLength(manifest.keys);
      const total = (keys: Record<string, number>) =>
        Object.values(keys).reduce((sum, count) => sum + count, 0);
      expect(manifest.keys).toBeGreaterThanOrEqual(total(manifest.source.keysBefore));
      expect(manifest.keys).toBeLessThanOrEqual(total(manifest.source.keysAfter));
    } finally {
      await writer.stop();
    }
  });

  it("comes from the master only when no replica has a link, and says so", async () => {
    const master = await cluster.master();
    const replicas = cluster.redis().filter((node) => node !== master);
    await cluster.kill(...replicas);
    cluster.notes.length = 0;
    const manifest = await backup(cluster.ctx, never);
    await cluster.start(...replicas);
    expect(manifest.source).toMatchObject({ node: master, role: "master" });
    expect(cluster.notes).toContain(`taken from ${master}: the master, since no replica has a link to it`);
  });
});

async function onReplicas<T>(use: (redis: RedisConnection) => Promise<T>): Promise<T[]> {
  const replicas = (await cluster.look()).nodes.filter((node) => node.role === "replica");
  return Promise.all(
    replicas.map(async ({ host, port }) => {
      const redis = await connect({ host, port, deadlineMs: 2_000 });
      return use(redis).finally(() => redis.close());
    }),
  );
}

/** A backup of some hundred keys is over in milliseconds; so slow a source is certainly in the middle of it. */
const sendSlowly = (microsecondsPerKey: number) =>
  onReplicas((redis) => redis.call("CONFIG", "SET", "rdb-key-save-delay", microsecondsPerKey));

/** A replica has a follower only while a backup streams from it. */
async function streaming(): Promise<boolean> {
  const infos = await onReplicas((redis) => redis.call("INFO", "replication"));
  return infos.some((info) => !String(info).includes("connected_slaves:0"));
}

describe("what fails leaves nothing behind", () => {
  it("when it is interrupted in the middle", async () => {
    const end = new AbortController();
    await sendSlowly(50_000);
    const running = backup(cluster.ctx, end.signal);
    const ended = expect(running).rejects.toThrow("enough");
    expect(await until(streaming, { deadlineMs: 10_000 })).not.toBeNull();
    expect(listing()).toEqual([expect.stringMatching(/^\.tmp-/)]);
    end.abort(new VedetteError("enough"));
    await ended;
    expect(listing()).toEqual([]);
    await sendSlowly(0);
    expect((await backup(cluster.ctx, never)).keys).toBeGreaterThan(0); // the claim is free again
  });

  it("when the RDB is not well", async () => {
    const bad = withRuntime({
      program: async (name) =>
        name === "redis-check-rdb" ? program("/bin/false") : cluster.runtime.program(name),
    });
    await expect(backup(bad, never)).rejects.toThrow(/checking the RDB: false: exit code 1/);
    const silent = withRuntime({
      program: async (name) =>
        name === "redis-check-rdb" ? program("/bin/true") : cluster.runtime.program(name),
    });
    await expect(backup(silent, never)).rejects.toThrow(/does not say that the RDB is well/);
    expect(listing()).toEqual([]);
  });

  it("when the source goes away in the middle", async () => {
    const master = await cluster.master();
    const replicas = cluster.redis().filter((node) => node !== master);
    await sendSlowly(50_000);
    const running = backup(cluster.ctx, never);
    const ended = expect(running).rejects.toThrow(/streaming from/);
    expect(await until(streaming, { deadlineMs: 10_000 })).not.toBeNull();
    await cluster.kill(...replicas);
    await ended;
    await cluster.start(...replicas);
    expect(listing()).toEqual([]);
  });

  it("and a second backup is refused while one is under way", async () => {
    await sendSlowly(5_000);
    const first = backup(cluster.ctx, never);
    expect(await until(streaming, { deadlineMs: 10_000 })).not.toBeNull();
    await sendSlowly(0);
    await expect(backup(cluster.ctx, never)).rejects.toThrow(/another one .* is under way/);
    const manifest = await first;
    expect(listing()).toEqual([`${manifest.id}.json`, manifest.file]);
  });
});
