import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { findings } from "../../src/cluster/findings.ts";
import type { Snapshot } from "../../src/cluster/snapshot.ts";
import { staleOf } from "../../src/operations/plan-reset.ts";
import { pause } from "../../src/operations/pause.ts";
import { beforeReset, reset } from "../../src/operations/reset.ts";
import { vedette } from "../kit/cli.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

let cluster: LiveCluster;
afterEach(() => cluster.destroy());

const YAML =
  "redis: { port: BASE, replicas: 3 }\nsentinel: { port: SENTINELS, count: 4, downAfter: 1500ms, failoverTimeout: 5s, periods: { info: 500ms } }";

function codes(now: Snapshot) {
  return findings(cluster.topology, now).map((each) => each.code);
}

function remembered(now: Snapshot) {
  return staleOf(cluster.topology, now).flatMap(({ entries }) => entries);
}

describe("reset", () => {
  it("forgets a replica and a Sentinel that were taken out, one Sentinel at a time", async () => {
    cluster = await LiveCluster.create(YAML);
    await cluster.up();
    expect((await beforeReset(cluster.ctx, { all: false })).steps).toEqual([]);

    shrink();
    await cluster.up(); // stops redis-slave-3 and redis-sentinel-4
    const before = await cluster.eventually("stale entries", (now) => remembered(now).length === 6);
    expect(codes(before)).toContain("SENTINEL_STALE_ENTRY");
    expect(vedette(cluster.dir, "reset", "--dry-run").out).toContain("wait 30s");

    const left = await reset(cluster.ctx, { all: false, spacingMs: 300 });
    expect(left).toEqual([]);
    const after = await cluster.settled();
    expect(codes(after)).not.toContain("SENTINEL_STALE_ENTRY");
    expect(after.sentinels.map((each) => [each.replicas.length, each.otherSentinels])).toEqual([
      [2, 2],
      [2, 2],
      [2, 2],
    ]);
    expect(after.epoch).toBe(before.epoch);
    expect(after.sentinels.map((each) => each.downAfterMs)).toEqual([1500, 1500, 1500]);
    await cluster.runtime.fault("redis-master", "kill");
    await cluster.eventually(
      "a failover still comes",
      (now) => now.master?.node?.startsWith("redis-slave") === true,
    );
  });

  it("is refused while a replica is down, and while the cluster is paused", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.kill("redis-slave-1");
    await expect(beforeReset(cluster.ctx, { all: true })).rejects.toThrow(/redis-slave-1 is not well/);
    await cluster.start("redis-slave-1");
    await cluster.settled();
    await pause(cluster.ctx, { forMs: 60_000, reason: "", by: "ann" });
    await expect(beforeReset(cluster.ctx, { all: true })).rejects.toThrow(/paused by ann/);
  });
});

function shrink() {
  const file = join(cluster.dir, "vedette.yaml");
  writeFileSync(
    file,
    readFileSync(file, "utf8").replace("replicas: 3", "replicas: 2").replace("count: 4", "count: 3"),
  );
  cluster = LiveCluster.open(cluster.dir);
}
