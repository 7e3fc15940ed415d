import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { cluster, nothingSeen, seedCluster } from "../../../test/kit/cluster.ts";
import { findings } from "../../cluster/findings.ts";
import { healthChecks } from "../../cluster/health.ts";
import { printHealth } from "./health.ts";
import { printSentinels } from "./sentinels.ts";
import { printStatus } from "./status.ts";
import { WIDTH } from "./table.ts";

type Built = ReturnType<typeof cluster>;

/** redis-master died; redis-slave-1 was promoted; the old master is back as its replica. */
const afterFailover = () =>
  cluster()
    .replica("redis-master", { offset: 1_234_500, lagBytes: 67, lagSeconds: 1 })
    .master("redis-slave-1", { opsPerSecond: 1204, clients: 42 })
    .replica("redis-slave-2")
    .replica("redis-slave-3")
    .sentinels(3, { epoch: 1 });

/** A hung node, one that waits, one that lags, a dead Sentinel, one of another opinion, and no steward. */
const degraded = () =>
  cluster()
    .master("redis-master", { evictedKeys: 12 }, { directives: { "maxmemory-policy": ["allkeys-lru"] } })
    .replica("redis-slave-1", {
      ...nothingSeen("unreachable", "INFO 127.0.0.1:6380: timed out after 500 ms"),
      pid: 702,
    })
    .down("redis-slave-2", nothingSeen("waiting", "no majority of the Sentinels answers"))
    .replica("redis-slave-3", { lagBytes: 25_300_000, lagSeconds: 14, offset: 1 })
    .sentinel("redis-sentinel-1", { replicas: [] })
    .sentinel("redis-sentinel-2")
    .sentinelDown("redis-sentinel-3")
    .steward({ running: false, pid: null, startedAt: null })
    .operation("benchmark");

const idle = { wanted: false, pid: null };
const nothing = () =>
  cluster()
    .down("redis-master", idle)
    .down("redis-slave-1", idle)
    .sentinelDown("redis-sentinel-1", idle)
    .steward({ running: false, pid: null, startedAt: null });

const SCENES: Record<string, () => Built> = {
  healthy: seedCluster,
  "after-failover": afterFailover,
  degraded,
  nothing,
  paused: () => seedCluster().paused(),
};

const golden = (name: string) => new URL(`../../../test/golden/${name}.txt`, import.meta.url).pathname;

const screens = {
  status: (built: Built, colour = false) =>
    printStatus(built.topology, built.snapshot, findings(built.topology, built.snapshot), colour),
  "sentinel-status": (built: Built, colour = false) =>
    printSentinels(built.topology, built.snapshot, findings(built.topology, built.snapshot), colour),
  health: (built: Built, colour = false) => {
    const { topology, snapshot } = built;
    return printHealth(healthChecks(topology, snapshot, findings(topology, snapshot)), colour);
  },
};

describe.each(Object.entries(SCENES))("a cluster that is %s", (scene, build) => {
  it.each(Object.entries(screens))("reads well in %s", async (screen, print) => {
    await expect(print(build())).toMatchFileSnapshot(golden(`${screen}-${scene}`));
  });

  it.each(Object.entries(screens))("says the same with and without colour in %s", (_, print) => {
    const coloured = print(build(), true);
    expect(coloured).not.toBe(print(build(), false));
    expect(stripVTControlCharacters(coloured)).toBe(print(build(), false));
  });

  it("fits the screen", () => {
    const lines = [screens.status(build()), screens["sentinel-status"](build())].join("\n").split("\n");
    expect(lines.filter((line) => line.length > WIDTH)).toEqual([]);
  });
});

describe("status", () => {
  it("leaves columns out rather than wrap when addresses are long", () => {
    const host = "192.168.100.100";
    const built = cluster()
      .master("redis-master", {}, { host })
      .replica(
        "redis-slave-1",
        { ...nothingSeen("unreachable"), lagBytes: 123_456_789, lagSeconds: 3600 },
        { host },
      )
      .replica(
        "redis-slave-2",
        { lagBytes: 123_456_789, lagSeconds: 3600, memoryBytes: 12_345_678_901 },
        { host },
      )
      .sentinels(3);
    const text = screens.status(built);
    expect(text.split("\n").filter((line) => line.length > WIDTH)).toEqual([]);
    expect(text).toContain("MEMORY");
    expect(text).not.toContain("OPS/S");
  });
});
