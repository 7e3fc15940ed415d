import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { VedetteError } from "../../src/errors.ts";
import { until } from "../../src/clock.ts";
import { LiveCluster } from "../kit/live-cluster.ts";
import { Prober } from "../kit/prober.ts";
import { Writer } from "../kit/writer.ts";

let cluster: LiveCluster;
afterEach(() => cluster.destroy());

function others(master: string): string[] {
  return cluster.redis().filter((node) => node !== master);
}

function wipeData(node: string): void {
  const found = cluster.topology.redis.nodes.find((each) => each.id === node);
  if (found) rmSync(join(found.dataDir), { recursive: true, force: true });
}

/** Without a steward nobody brings a node back but the test. */
async function failOver(): Promise<string> {
  const before = await cluster.master();
  await cluster.kill(before);
  const after = await cluster.eventually(
    "a failover",
    (now) => now.master !== null && now.master.node !== before,
  );
  return after.master?.node ?? "";
}

/** While an fsync goes on, everysec keeps writes in memory for up to 2 s (flushAppendOnlyFile): a kill would lose them. */
async function inFile(node: string): Promise<void> {
  const dir = cluster.topology.redis.nodes.find(({ id }) => id === node)?.dataDir ?? "";
  const aof = `${dir}/appendonlydir`;
  // Those that a start reads: while the append-only file is made anew, writes go to another one.
  const written = async () => {
    try {
      const manifest = readFileSync(`${aof}/appendonly.aof.manifest`, "utf8");
      const files = [...manifest.matchAll(/^file (\S+) /gm)].map(([, file = ""]) => `${aof}/${file}`);
      return files.some((file) => readFileSync(file).includes("precious"));
    } catch {
      return null; // a file was replaced between the two looks
    }
  };
  expect(await until(written, { deadlineMs: 10_000 })).not.toBeNull();
}

describe("an old master that returns in the middle of a failover", () => {
  it(
    "is never a second writable master, and no confirmed write is lost, 20 times",
    { timeout: 400_000 },
    async () => {
      cluster = await LiveCluster.create();
      await cluster.up();
      const writer = new Writer(cluster).start();
      for (let round = 0; round < 20; round++) {
        await cluster.hurry();
        await cluster.settled();
        await writer.wroteAgain();
        const old = await cluster.master();
        const prober = new Prober(cluster).start();
        await cluster.kill(old);
        const asked = cluster.call("redis-sentinel-1", "SENTINEL", "FAILOVER", cluster.topology.name);
        await Promise.allSettled([asked, cluster.start(old)]);
        await expect(asked, `round ${round}: Sentinel took the request`).resolves.toBe("OK");
        await cluster.eventually("the failover", (now) => now.master !== null && now.master.node !== old);
        await cluster.settled();
        await prober.stop();
        expect(prober.secondMasters(), `round ${round}`).toEqual([]);
        expect(prober.taken.some((each) => each.node === old) && prober.taken.at(-1)?.node === old).toBe(
          false,
        );
        expect(await writer.lost(), `round ${round}`).toEqual([]);
      }
      await writer.stop();
      expect(writer.confirmed.length).toBeGreaterThan(200);
      expect(await writer.lost()).toEqual([]);
    },
  );

  it("refuses writes from its first accepted connection until the Sentinels confirm it", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.settled();
    const master = await cluster.master();
    await cluster.kill(master);
    const prober = new Prober(cluster).start([master]);
    await cluster.start(master); // well before down-after: it comes back as master
    const begun = performance.now();
    await cluster.settled();
    await prober.stop();
    const first = prober.taken[0]?.at ?? 0;
    expect(prober.refused.get(master) ?? 0).toBeGreaterThan(10);
    expect(first - begun).toBeGreaterThan(1000);
    expect(await cluster.master()).toBe(master);
  });
});

describe("after a failover", () => {
  it("down and up keep the promoted node as master, and every write", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    const writer = new Writer(cluster).start();
    await writer.wroteAgain();
    const promoted = await failOver();
    await writer.wroteAgain();
    await writer.stop();
    const { down } = await import("../../src/operations/down.ts");
    await down(cluster.ctx, false);
    expect((await cluster.runtime.inspect()).every((each) => each.state === "stopped")).toBe(true);
    await cluster.up();
    expect(await cluster.master()).toBe(promoted);
    expect(await writer.lost(true)).toEqual([]);
  });

  it("the old master returns unwritable and becomes a replica", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    const old = await cluster.master();
    await failOver();
    const prober = new Prober(cluster).start([old]);
    await cluster.start(old);
    await cluster.hurry();
    await cluster.settled();
    await prober.stop();
    expect(prober.refused.get(old) ?? 0).toBeGreaterThan(10);
    expect(prober.taken).toEqual([]);
  });

  it(
    "a start in any order after everything was killed at once ends with the master that the Sentinels name",
    { timeout: 240_000 },
    async () => {
      cluster = await LiveCluster.create();
      await cluster.up();
      const promoted = await failOver();
      await cluster.start("redis-master");
      await cluster.hurry();
      await cluster.settled();
      const writer = new Writer(cluster);
      writer.start();
      for (const order of [
        [...cluster.redis(), ...cluster.sentinels()],
        [...cluster.sentinels(), ...others(promoted), promoted],
        ["redis-sentinel-3", promoted, "redis-sentinel-1", ...others(promoted), "redis-sentinel-2"],
      ]) {
        await writer.wroteAgain();
        await cluster.killAll();
        await cluster.start(...order);
        await cluster.hurry();
        await cluster.settled();
        expect(await cluster.master()).toBe(promoted);
        expect(await writer.lost()).toEqual([]);
      }
      await writer.stop();
      expect(await writer.lost()).toEqual([]);
    },
  );
});

describe("lost data", () => {
  it("a wiped master does not empty its replicas: one that has the data is promoted", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.call("redis-master", "SET", "precious", "1");
    await cluster.call("redis-master", "WAIT", "3", "1000");
    await cluster.kill("redis-master");
    wipeData("redis-master");
    await cluster.start("redis-master"); // at once: without a guard it would be back before down-after
    const after = await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    expect(await cluster.call(after.master?.node ?? "", "GET", "precious")).toBe("1");
    await cluster.hurry();
    await cluster.settled();
    for (const node of cluster.redis()) expect(await cluster.call(node, "GET", "precious"), node).toBe("1");
  });

  it("an empty restarted replica is never promoted while the data is elsewhere", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.call("redis-master", "SET", "precious", "1");
    await cluster.call("redis-master", "WAIT", "3", "1000");
    await inFile("redis-slave-2");
    await cluster.kill("redis-master", "redis-slave-1", "redis-slave-2", "redis-slave-3");
    wipeData("redis-slave-1");
    wipeData("redis-slave-3");
    await cluster.start("redis-slave-1", "redis-slave-2", "redis-slave-3");
    await cluster.eventually("the Sentinels give the master up", (now) =>
      now.sentinels.every((each) => each.flags.includes("o_down")),
    );
    // A whole failover attempt and its retry (2 x failover-timeout) pass without a promotion.
    const tried = await cluster
      .eventually(
        "an attempt",
        (now) =>
          (now.epoch ?? 0) >= 0 && now.sentinels.some((each) => each.flags.includes("failover_in_progress")),
        30_000,
      )
      .catch(() => null);
    const { setTimeout: delay } = await import("node:timers/promises");
    await delay(2 * cluster.topology.sentinel.failoverTimeoutMs); // allow-sleep: nothing may happen in this window
    const now = await cluster.look();
    expect(now.nodes.filter((each) => each.role === "master")).toEqual([]);
    expect(await cluster.call("redis-slave-2", "GET", "precious")).toBe("1");
    expect(tried === null || tried.master?.node === "redis-master").toBe(true);
  });

  it(
    "the steward lets the replica be promoted whose recorded position proves it the freshest",
    { timeout: 180_000 },
    async () => {
      cluster = await LiveCluster.create();
      await cluster.up({ steward: true });
      await cluster.call("redis-master", "SET", "precious", "1");
      await cluster.call("redis-master", "WAIT", "3", "1000");
      await cluster.eventually("the position is recorded", () => {
        const master = cluster.topology.redis.nodes[0];
        return master !== undefined;
      });
      const records = async () => (await cluster.runtime.records()).positions?.nodes ?? {};
      await cluster.eventually("all positions are recorded with the key", () => true);
      for (let done = false; !done;)
        done = Object.values(await records()).filter((each) => each.keys === 1).length === 4;
      await cluster.runtime.want({
        "redis-master": false,
        "redis-slave-1": false,
        "redis-slave-2": false,
        "redis-slave-3": false,
      });
      await cluster.kill(...cluster.redis());
      wipeData("redis-slave-1");
      wipeData("redis-slave-3");
      await cluster.runtime.want({ "redis-slave-1": true, "redis-slave-2": true, "redis-slave-3": true });
      const after = await cluster.eventually(
        "a promotion",
        (now) => now.master !== null && now.master.node !== "redis-master",
        90_000,
      );
      expect(after.master?.node).toBe("redis-slave-2");
      expect(await cluster.call("redis-slave-2", "GET", "precious")).toBe("1");
    },
  );
});

describe("lost Sentinel state", () => {
  it("does not bring back the initial master: the nodes' own records decide", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    const promoted = await failOver();
    await cluster.eventually(
      "the other replicas follow it",
      (now) => now.nodes.filter((each) => each.link === "up").length === 2,
    );
    await cluster.call(promoted, "SET", "after", "failover");
    await cluster.killAll();
    rmSync(join(cluster.topology.stateDir, "sentinel"), { recursive: true });
    await cluster.up();
    expect(await cluster.master()).toBe(promoted);
    expect(await cluster.call(promoted, "GET", "after")).toBe("failover");
  });

  it("refuses to start, with the command to type, when the records leave more than one answer", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    const promoted = await failOver();
    await cluster.call(promoted, "SET", "after", "failover");
    await cluster.killAll();
    rmSync(join(cluster.topology.stateDir, "sentinel"), { recursive: true });
    for (const node of others(promoted)) {
      if (node !== "redis-master")
        rmSync(join(cluster.topology.stateDir, "redis", node), { recursive: true });
    }
    const refusal = await cluster.up().then(
      () => null,
      (error: unknown) => error,
    );
    expect(refusal).toBeInstanceOf(VedetteError);
    expect(String(refusal)).toContain("the nodes' records do not agree on a master");
    expect((refusal as VedetteError).next).toContain("--force-master");
    expect((await cluster.runtime.inspect()).every((each) => each.state === "stopped")).toBe(true);
    await cluster.up({ force: promoted });
    expect(await cluster.master()).toBe(promoted);
    expect(await cluster.call(promoted, "GET", "after")).toBe("failover");
  });

  it("nodes refuse Sentinels that know less than they have lived through", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await failOver();
    await cluster.eventually(
      "the other replicas follow it",
      (now) => now.nodes.filter((each) => each.link === "up").length === 2,
    );
    await cluster.killAll();
    rmSync(join(cluster.topology.stateDir, "sentinel"), { recursive: true });
    // Blind seeds, as a plain template would make them: the initial master at epoch 0.
    const master = cluster.topology.redis.nodes[0];
    for (const sentinel of cluster.sentinels()) await cluster.runtime.prepare(sentinel, { master, epoch: 0 });
    await cluster.start(...cluster.sentinels(), ...cluster.redis());
    const now = await cluster.eventually("every node waits", (seen) =>
      seen.nodes.every((each) => each.state === "waiting"),
    );
    expect(now.nodes.map((each) => each.reason).join("\n")).toContain("lost their state");
  });
});

describe("unreachable Sentinels", () => {
  it("a node waits unwritable and says why; --force-master is the only override", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.call("redis-master", "SET", "precious", "1");
    await cluster.killAll();
    await cluster.start("redis-master");
    const now = await cluster.eventually("it waits", (seen) => seen.nodes[0]?.state === "waiting");
    expect(now.nodes[0]?.reason).toMatch(/only 0 of 3 Sentinels answer/);
    await cluster.runtime.start("redis-master", { force: true });
    await cluster.eventually(
      "it serves",
      (seen) => seen.nodes[0]?.role === "master" && !seen.nodes[0].fenced,
    );
    expect(await cluster.call("redis-master", "GET", "precious")).toBe("1");
    expect(await cluster.call("redis-master", "SET", "forced", "1")).toBe("OK");
  });

  it("a restart hold keeps a named master down until it is released", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.runtime.hold("redis-master", Date.now() + 60_000, "a failover is about to be asked for");
    await cluster.kill("redis-master");
    await cluster.start("redis-master");
    const now = await cluster.eventually("it waits", (seen) => seen.nodes[0]?.state === "waiting");
    expect(now.nodes[0]?.reason).toContain("a failover is about to be asked for");
    await cluster.runtime.releaseHold("redis-master");
    await cluster.eventually("it is back", (seen) => seen.nodes[0]?.state === "up");
  });
});
