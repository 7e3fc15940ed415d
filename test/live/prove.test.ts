import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { backup } from "../../src/operations/backup.ts";
import type { Fault } from "../../src/operations/bring-back.ts";
import { benchmark } from "../../src/operations/benchmark.ts";
import { readSettings } from "../../src/operations/benchmark-plan.ts";
import { beforeFlush, flushAll } from "../../src/operations/flush-all.ts";
import type { FailoverTest } from "../../src/operations/failover-record.ts";
import { historyFile, readHistory } from "../../src/operations/history.ts";
import { periodWords } from "../../src/cluster/sentinel-timing.ts";
import type { HeardEvent } from "../../src/operations/sentinel-watch.ts";
import { beforeFailoverTest, testFailover } from "../../src/operations/test-failover.ts";
import { testReplication } from "../../src/operations/test-replication.ts";
import { until } from "../../src/clock.ts";
import { VedetteError } from "../../src/errors.ts";
import type { NodeId } from "../../src/topology/model.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

/** One cluster with a password; each test leaves it whole. */
const secrets = mkdtempSync(join(tmpdir(), "vedette-secret-"));
const PASSWORD = "not-to-be-seen-in-any-process-list";
let cluster: LiveCluster;

beforeAll(async () => {
  const file = join(secrets, "password");
  writeFileSync(file, PASSWORD, { mode: 0o600 });
  const yaml = [
    `security: { passwordFile: "${file}" }`,
    "redis: { port: BASE, config: { maxmemory: 256mb } }",
    "sentinel: { port: SENTINELS, downAfter: 1500ms, failoverTimeout: 2s, periods: { info: 500ms } }",
  ];
  cluster = await LiveCluster.create(yaml.join("\n"));
  await cluster.up();
});

afterAll(async () => {
  await cluster?.destroy();
  rmSync(secrets, { recursive: true, force: true });
});

const never = new AbortController().signal;

/** Keys of all nodes that begin with what Vedette's tests write, and how many others there are. */
async function keysEverywhere(): Promise<{ ours: string[]; others: number }[]> {
  return Promise.all(
    cluster.redis().map(async (node) => {
      const keys = ((await cluster.call(node, "KEYS", "*")) as string[]).map(String);
      return {
        ours: keys.filter((key) => key.startsWith("vedette:")),
        others: keys.filter((key) => !key.startsWith("vedette:")).length,
      };
    }),
  );
}

async function expectOnly(others: number): Promise<void> {
  const expected = cluster.redis().map(() => ({ ours: [], others }));
  const same = async () => JSON.stringify(await keysEverywhere()) === JSON.stringify(expected);
  await until(same, { deadlineMs: 5_000 });
  expect(await keysEverywhere()).toEqual(expected);
}

async function writeUserKeys(count: number): Promise<void> {
  const pairs = Array.from({ length: count }, (_, at) => [`user:${at}`, "value"]).flat();
  await cluster.call(await cluster.master(), "MSET", ...pairs);
}

/** The process is there and not frozen. */
async function isGoingOn(node: NodeId): Promise<boolean> {
  const pid = (await cluster.runtime.inspect()).find((each) => each.node === node)?.pid;
  if (pid === null || pid === undefined) return false;
  return !/^State:\s+T/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
}

beforeEach(async () => {
  await cluster.settled();
  await writeUserKeys(10);
});

describe("test-replication", () => {
  it("finds the write on every replica, in the time it took, and cleans up", async () => {
    const test = await testReplication(cluster.ctx);
    expect(test).toMatchObject({ ok: true, deleted: true, wait: { asked: 3, acknowledged: 3 } });
    expect(test.replicas.map((read) => read.node).toSorted()).toEqual(
      cluster
        .redis()
        .filter((node) => node !== test.master)
        .toSorted(),
    );
    for (const read of test.replicas) expect(read.ms).toBeGreaterThan(0);
    await expectOnly(10);
  });

  it("says which replica did not get it", async () => {
    const master = await cluster.master();
    const [dead = "", ...others] = cluster.redis().filter((node) => node !== master);
    await cluster.kill(dead);
    await cluster.eventually("the master misses it", (seen) =>
      seen.nodes.some((node) => node.connectedReplicas === 2),
    );
    const test = await testReplication(cluster.ctx);
    await cluster.start(dead);
    expect(test).toMatchObject({ ok: false, deleted: true, wait: { asked: 2, acknowledged: 2 } });
    expect(test.replicas.find((read) => read.node === dead)).toMatchObject({ ok: false, ms: null });
    expect(test.replicas.find((read) => read.node === dead)?.reason).toMatch(/refused/);
    expect(
      test.replicas
        .filter((read) => read.ok)
        .map((read) => read.node)
        .toSorted(),
    ).toEqual(others.toSorted());
  });

  it("writes nothing where its key could push out another", async () => {
    const master = await cluster.master();
    await cluster.call(master, "CONFIG", "SET", "maxmemory", "1mb");
    try {
      await expect(testReplication(cluster.ctx)).rejects.toThrow(
        /would evict keys of others; nothing was written/,
      );
    } finally {
      await cluster.call(master, "CONFIG", "SET", "maxmemory", "256mb");
    }
  });
});

describe("test-failover", () => {
  it.each<Fault>(["kill", "stop", "hang"])(
    "moves the master after a %s, loses nothing, and cleans up",
    async (fault) => {
      const { master, voters } = await beforeFailoverTest(cluster.ctx);
      expect([...voters.values()].toSorted()).toEqual(cluster.sentinels());
      const heard: HeardEvent[] = [];
      const test = await testFailover(cluster.ctx, { fault, master }, (event) => heard.push(event), never);

      expect(test).toMatchObject({ ok: true, before: master, missing: [], fault });
      expect(test.after).not.toBe(master);
      expect(test.epochAfter).toBeGreaterThan(test.epochBefore ?? Infinity);
      expect(test.writes.lost).toBe(0);
      expect(test.writes.acknowledged).toBeGreaterThan(30);
      const {
        detectedMs,
        agreedMs,
        electedMs,
        promotedMs,
        firstWriteMs,
        switchedMs,
        reconfiguredMs,
        backMs,
      } = test.marks;
      const inOrder = [detectedMs, agreedMs, electedMs, promotedMs, reconfiguredMs, backMs].map(Number);
      expect(inOrder).toEqual(inOrder.toSorted((a, b) => a - b));
      expect(detectedMs).toBeGreaterThan(0);
      expect(firstWriteMs).toBeGreaterThan(electedMs ?? Infinity);
      expect(switchedMs).toBeGreaterThan(electedMs ?? Infinity);
      expect(test.writes.gapMs).toBeGreaterThan(electedMs ?? Infinity);
      expect(new Set(heard.map((each) => each.event.channel))).toContain("+switch-master");
      expect(test.events.length).toBe(heard.length);

      const snapshot = await cluster.settled();
      expect(snapshot.master?.node).toBe(test.after);
      expect(snapshot.nodes.find((node) => node.node === master)?.role).toBe("replica");
      expect(snapshot.operation).toBeNull();
      expect(snapshot.nodes.every((node) => node.wanted)).toBe(true);
      expect(existsSync(cluster.runtime.paths.hold(master))).toBe(false);
      await expectOnly(10);
      const last = readHistory(historyFile(cluster.topology)).at(-1);
      expect(last).toMatchObject({
        kind: "failover",
        from: master,
        to: test.after,
        by: "vedette test-failover",
      });
      expect(last?.durationsMs).toMatchObject({ detected: detectedMs, back: backMs });
      await expectPeriods();
    },
  );

  it.each<Fault>(["kill", "hang"])(
    "brings the master back when it is interrupted after a %s",
    async (fault) => {
      const { master } = await beforeFailoverTest(cluster.ctx);
      const end = new AbortController();
      const running = testFailover(
        cluster.ctx,
        { fault, master },
        () => end.abort(new VedetteError("enough")),
        end.signal,
      );
      await expect(running).rejects.toThrow("enough");
      expect(await cluster.runtime.operation()).toBeNull();
      expect(await isGoingOn(master)).toBe(true);
      await cluster.settled();
      await expectOnly(10);
    },
  );

  it("touches nothing when the master is not the one that was shown, or nobody could take over", async () => {
    const { master } = await beforeFailoverTest(cluster.ctx);
    const pids = JSON.stringify((await cluster.runtime.inspect()).map((each) => each.pid));
    const other = cluster.redis().find((node) => node !== master) ?? "";
    await expect(
      testFailover(cluster.ctx, { fault: "kill", master: other }, () => {}, never),
    ).rejects.toThrow(`the master was ${other} and is now ${master}; nothing was touched`);
    expect(JSON.stringify((await cluster.runtime.inspect()).map((each) => each.pid))).toBe(pids);
    const replicas = cluster.redis().filter((node) => node !== master);
    for (const node of replicas) await cluster.call(node, "CONFIG", "SET", "replica-priority", "0");
    try {
      await expect(beforeFailoverTest(cluster.ctx)).rejects.toThrow(/no replica may be promoted/);
    } finally {
      for (const node of replicas) await cluster.call(node, "CONFIG", "SET", "replica-priority", "100");
    }
  });

  it("says so when no failover comes, and brings the master back as master", async () => {
    const { master } = await beforeFailoverTest(cluster.ctx);
    const setDownAfter = async (ms: string) => {
      for (const sentinel of cluster.sentinels()) {
        await cluster.call(sentinel, "SENTINEL", "SET", cluster.topology.name, "down-after-milliseconds", ms);
      }
    };
    await setDownAfter("600000");
    let test: FailoverTest;
    try {
      test = await testFailover(cluster.ctx, { fault: "kill", master }, () => {}, never);
    } finally {
      await setDownAfter("1500");
    }
    expect(test).toMatchObject({
      ok: false,
      before: master,
      after: null,
      marks: { electedMs: null, switchedMs: null },
    });
    expect(test.writes.lost).toBe(0);
    expect(await cluster.master()).toBe(master);
    await expectOnly(10);
  });
});

/** The Sentinels' periods, which the test hurries, are the topology's again. */
async function expectPeriods(): Promise<void> {
  const wanted = periodWords(cluster.topology.sentinel.periods);
  for (const sentinel of cluster.sentinels()) {
    const current = ((await cluster.call(sentinel, "SENTINEL", "DEBUG")) as unknown[]).map((word) =>
      String(word).toLowerCase(),
    );
    const now = wanted.map((word, at) =>
      at % 2 === 0 ? word : current[current.indexOf(wanted[at - 1] ?? "") + 1],
    );
    expect(now).toEqual(wanted);
  }
}

describe("benchmark", () => {
  const small = { requests: "2000", clients: "5" };

  it("measures master and replicas, and leaves nothing but what was there", async () => {
    const tests = "set,get,incr,lpush,rpush,hset,sadd,ping";
    const result = await benchmark(cluster.ctx, readSettings({ ...small, tests, replicas: true }), never);
    const of = (role: string) => result.results.filter((each) => each.role === role);
    expect(of("master").map((each) => each.test)).toEqual(tests.split(","));
    expect(of("replica").map((each) => each.test)).toEqual(["get", "get", "get"]);
    expect(result.results.every((each) => each.requestsPerSecond > 100 && (each.maxMs ?? 0) > 0)).toBe(true);
    expect(result.cleaned).toBeGreaterThan(2_000);
    await expectOnly(10);
    for (const node of cluster.redis()) expect(await cluster.call(node, "ACL", "USERS")).toEqual(["default"]);
  });

  it("never shows the password, and cleans up when it is interrupted", async () => {
    const end = new AbortController();
    const settings = readSettings({ requests: "10000000", clients: "2", tests: "set" });
    const running = benchmark(cluster.ctx, settings, end.signal);
    const ended = expect(running).rejects.toThrow("enough");
    const master = await cluster.master();
    const busy = async () =>
      ((await cluster.call(master, "KEYS", "vedette:bench:*")) as unknown[]).length > 500;
    expect(await until(busy, { deadlineMs: 10_000 })).not.toBeNull();
    const arguments_ = benchmarkArguments();
    expect(arguments_).toContain("redis-benchmark");
    expect(arguments_).not.toContain(PASSWORD);
    end.abort(new VedetteError("enough"));
    await ended;
    expect(benchmarkArguments()).toBe("");
    await expectOnly(10);
    for (const node of cluster.redis()) expect(await cluster.call(node, "ACL", "USERS")).toEqual(["default"]);
  });

  it("refuses what could evict, with the numbers", async () => {
    const large = readSettings({ requests: "200000", dataSize: "1000", tests: "lpush" });
    await expect(benchmark(cluster.ctx, large, never)).rejects.toThrow(
      /it may write \d{3} MiB and .* of maxmemory 256 MiB are in use: allkeys-lru would evict keys of others/,
    );
    await expectOnly(10);
  });

  it("is one at a time", async () => {
    const claim = await cluster.runtime.exclusive("benchmark");
    try {
      await expect(benchmark(cluster.ctx, readSettings(small), never)).rejects.toThrow(
        /another one .* is under way/,
      );
    } finally {
      await claim.release();
    }
  });
});

/** The command line of every process, in words. */
function processes(): string[][] {
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return pids.flatMap((pid) => {
    try {
      return [readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0")];
    } catch {
      return []; // it has ended meanwhile
    }
  });
}

/** The command lines of the redis-benchmark processes that drive this cluster. */
function benchmarkArguments(): string {
  const ports = cluster.topology.redis.nodes.map((node) => String(node.port));
  return processes()
    .filter((words) => words[0]?.endsWith("redis-benchmark") && words.some((word) => ports.includes(word)))
    .map((words) => words.join(" "))
    .join("\n");
}

it("backup gets in with the password", async () => {
  expect((await backup(cluster.ctx, never)).keys).toBe(10);
});

describe("flush-all", () => {
  it("empties every database on every node, through the master", async () => {
    const master = await cluster.master();
    await cluster.call(master, "EVAL", "redis.call('SELECT', 3) redis.call('SET', 'user:x', 1)", "0");
    const sight = await beforeFlush(cluster.ctx);
    expect(sight).toEqual({ master, keys: { db0: 10, db3: 1 } });
    const flush = await flushAll(cluster.ctx, master);
    expect(flush.deleted).toEqual({ db0: 10, db3: 1 });
    expect(flush.replicas.map((each) => each.empty)).toEqual([true, true, true]);
    for (const { keys } of (await cluster.look()).nodes) expect(keys).toEqual({});
    expect(readHistory(historyFile(cluster.topology)).at(-1)).toMatchObject({ kind: "flush", node: master });
    expect((await beforeFlush(cluster.ctx)).keys).toEqual({});
  });

  it("deletes nothing when the master has moved since it was shown", async () => {
    const master = await cluster.master();
    const other = cluster.redis().find((node) => node !== master) ?? "";
    await expect(flushAll(cluster.ctx, other)).rejects.toThrow(/nothing was deleted/);
    await expectOnly(10);
  });
});
