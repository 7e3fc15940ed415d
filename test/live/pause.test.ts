import { existsSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import type { Snapshot } from "../../src/cluster/snapshot.ts";
import { tellDownAfter } from "../../src/operations/down-after.ts";
import { readHistory } from "../../src/operations/history.ts";
import { pause, resume } from "../../src/operations/pause.ts";
import { settleDownAfter } from "../../src/operations/end-pause.ts";
import { vedette, vedetteRunning } from "../kit/cli.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

let cluster: LiveCluster;
afterEach(() => cluster.destroy());

const HALF_HOUR = 1_800_000;
const wish = (forMs: number) => ({ forMs, reason: "a test", by: "ann" });

const have = (ms: number) => (now: Snapshot) => now.sentinels.every((each) => each.downAfterMs === ms);
const noted = () => existsSync(cluster.runtime.paths.pause);
const restored = (now: Snapshot) => have(cluster.topology.sentinel.downAfterMs)(now) && !noted();
const away = (now: Snapshot) => now.master !== null && now.master.node !== "redis-master";

/** Until the master has been silent for longer than `ms`, by its replicas' own clocks. */
const silentFor = (ms: number) => (now: Snapshot) => {
  const replicas = now.nodes.filter((node) => node.role === "replica");
  return (
    replicas.length >= 2 &&
    replicas.every((node) => node.link === "down" && (node.lagSeconds ?? 0) * 1000 > ms)
  );
};

function events(kind: string) {
  return readHistory(cluster.runtime.paths.history).filter((each) => each.kind === kind);
}

describe("a paused cluster", () => {
  it("promotes and restarts nothing when its master dies, and does both after resume", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    await pause(cluster.ctx, wish(HALF_HOUR));
    expect(have(HALF_HOUR)(await cluster.look())).toBe(true);
    await cluster.runtime.fault("redis-slave-3", "kill");
    await cluster.runtime.fault("redis-master", "kill");
    const later = await cluster.eventually(
      "silence far beyond down-after",
      silentFor(3 * cluster.topology.sentinel.downAfterMs),
    );
    expect(later.sentinels.flatMap((each) => each.flags)).not.toContain("s_down");
    expect(later.master?.node).toBe("redis-master");
    expect(later.epoch).toBe(0);
    expect(later.nodes[0]).toMatchObject({ node: "redis-master", state: "down" });
    expect(later.nodes[3]).toMatchObject({ node: "redis-slave-3", state: "down", wanted: true });
    expect(later.pause).toMatchObject({ by: "ann", reason: "a test" });

    await resume(cluster.ctx);
    await cluster.eventually("a failover", away);
    const whole = await cluster.settled();
    expect(whole.epoch, "one failover").toBe(1);
    expect(restored(whole)).toBe(true);
    expect(events("pause")).toHaveLength(1);
    expect(events("resume")).toHaveLength(1);
  });

  it("finds a replica to promote, without a steward, even if its master died more than ten down-afters ago", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await pause(cluster.ctx, wish(HALF_HOUR));
    await cluster.runtime.fault("redis-master", "kill");
    await cluster.eventually(
      "silence beyond ten down-afters",
      silentFor(10 * cluster.topology.sentinel.downAfterMs + 2_000),
      60_000,
    );
    expect(await resume(cluster.ctx)).toEqual([]);
    const now = await cluster.eventually("a failover", away);
    expect(now.epoch).toBe(1);
    expect(restored(now)).toBe(true);
  });

  it("is shown everywhere, refuses a failover test, and can be extended", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    expect(vedette(cluster.dir, "pause").code).toBe(2);
    expect(vedette(cluster.dir, "pause", "--for", "30").code).toBe(2);
    expect(vedette(cluster.dir, "pause", "--for", "3d").code).toBe(2);
    expect(vedette(cluster.dir, "pause", "--for", "10m", "--dry-run").out).toContain("wait 10m");
    expect(noted()).toBe(false);

    const done = vedette(cluster.dir, "pause", "--for", "10m", "--reason", "new kernel");
    expect(done).toMatchObject({ code: 0 });
    const first = await cluster.look();
    expect(have(600_000)(first)).toBe(true);
    expect(vedette(cluster.dir, "status").out).toMatch(/paused by \S+ until .* left\): new kernel/);
    expect(JSON.parse(vedette(cluster.dir, "status", "--json").out).pause.reason).toBe("new kernel");
    expect(vedette(cluster.dir, "health").out).toContain("new kernel");
    const refused = vedette(cluster.dir, "test-failover", "--yes");
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("vedette resume");

    vedette(cluster.dir, "pause", "--for", "20m");
    const second = await cluster.look();
    expect(second.pause?.since).toBe(first.pause?.since);
    const total = (second.pause?.until ?? 0) - (second.pause?.since ?? 0);
    expect(total).toBeGreaterThan(1_200_000);
    expect(have(total)(second)).toBe(true);

    expect(vedette(cluster.dir, "resume")).toMatchObject({ code: 0 });
    expect(restored(await cluster.look())).toBe(true);
    expect(vedette(cluster.dir, "resume").out).toContain("is not paused");
  });

  it("keeps its Sentinels paused across restarts, and none of them paused for ever", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.kill("redis-sentinel-1");
    const { down } = await pause(cluster.ctx, wish(HALF_HOUR));
    expect(down).toEqual(["redis-sentinel-1"]);
    await cluster.start("redis-sentinel-1");
    await cluster.eventually("all paused", have(HALF_HOUR));
    await cluster.kill("redis-sentinel-2");
    await cluster.start("redis-sentinel-2");
    await cluster.eventually("all paused", have(HALF_HOUR));

    await cluster.kill("redis-sentinel-3"); // its file says half an hour
    expect(await resume(cluster.ctx)).toEqual([]);
    await cluster.start("redis-sentinel-3");
    await cluster.eventually("all put back", restored);
  });

  it("is refused while a Sentinel lives that does not listen, and then changes nothing", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.runtime.fault("redis-sentinel-2", "hang");
    await expect(pause(cluster.ctx, wish(HALF_HOUR))).rejects.toThrow(/redis-sentinel-2 cannot be told/);
    await cluster.runtime.fault("redis-sentinel-2", "continue");
    await cluster.eventually("nothing changed", restored);
  });
});

describe("a pause that is over is put back", () => {
  it("by its timer, without a steward", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    expect(vedette(cluster.dir, "pause", "--for", "4s").code).toBe(0);
    expect(have(4_000)(await cluster.look())).toBe(true);
    await cluster.eventually("put back", restored);
    expect(events("resume")).toMatchObject([{ by: "the pause's timer" }]);
  });

  it("by the steward, where no timer is left", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    await noteWithoutTimer(4_000);
    await tellDownAfter(cluster.ctx, 4_000);
    await cluster.eventually("put back", restored);
    expect(events("resume")).toMatchObject([{ by: "steward" }]);
  });

  it("by the next command, where nobody is left", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await noteWithoutTimer(1_000);
    await tellDownAfter(cluster.ctx, 60_000);
    await cluster.eventually("over", (now) => now.pause === null);
    expect(have(60_000)(await cluster.look())).toBe(true);
    expect(vedette(cluster.dir, "up", "--no-steward").code).toBe(0);
    expect(restored(await cluster.look())).toBe(true);
  });

  it("when the command was killed at any moment", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    for (let round = 0; round < 5; round++) {
      const cli = vedetteRunning(cluster.dir, "pause", "--for", "3s");
      const gone = new Promise((resolve) => cli.once("exit", resolve));
      // Later from round to round: just noted, some told, all told.
      const from = { at: 0 };
      await until(
        async () => {
          if (from.at === 0 && noted()) from.at = performance.now();
          return cli.exitCode !== null || (from.at > 0 && performance.now() - from.at >= round * 4);
        },
        { deadlineMs: 20_000, everyMs: 1 },
      );
      cli.kill("SIGKILL");
      await gone;
      await cluster.eventually("over", (now) => now.pause === null);
      await until(async () => !noted(), { deadlineMs: 3_000 });
      // Before its timer was started nobody is left but the next command.
      if (noted()) expect(vedette(cluster.dir, "up", "--no-steward").code).toBe(0);
      expect(restored(await cluster.look()), `round ${round}`).toBe(true);
    }
  });
});

it("a steward that finds a wrong down-after corrects it, in a pause and outside", async () => {
  cluster = await LiveCluster.create();
  await cluster.up({ steward: true });
  await cluster.call(
    "redis-sentinel-1",
    "SENTINEL",
    "SET",
    cluster.topology.name,
    "down-after-milliseconds",
    "77000",
  );
  await cluster.eventually("corrected", restored);
  await pause(cluster.ctx, wish(HALF_HOUR));
  await cluster.call(
    "redis-sentinel-1",
    "SENTINEL",
    "SET",
    cluster.topology.name,
    "down-after-milliseconds",
    "2000",
  );
  await cluster.eventually("paused again", have(HALF_HOUR));
  await settleDownAfter(cluster.ctx, "test");
  expect(have(HALF_HOUR)(await cluster.look())).toBe(true);
});

async function noteWithoutTimer(forMs: number): Promise<void> {
  const now = Date.now();
  await cluster.runtime.notePause({
    id: "x",
    by: "ann",
    reason: "",
    since: now,
    until: now + forMs,
    previous: {},
  });
}
