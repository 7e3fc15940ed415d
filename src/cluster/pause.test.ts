import { describe, expect, it } from "vitest";
import { cluster, nothingSeen, NOW, seedCluster } from "../../test/kit/cluster.ts";
import { isHealthy } from "./finding.ts";
import { findings } from "./findings.ts";
import { bridgeDownAfter, pauseInForce, pauseSentence } from "./pause.ts";

type Built = ReturnType<typeof cluster>;

const PAUSE = { by: "ann", reason: "new kernel", since: NOW - 60_000, until: NOW + 90_000 };
const found = (built: Built) => findings(built.topology, built.snapshot);
const bridge = (built: Built) => bridgeDownAfter(built.topology, built.snapshot);

/** The master is gone, and its replicas have had no link for so many seconds. */
const deadFor = (seconds: number, sentinels = 3) => {
  const lost = { link: "down", lagSeconds: seconds } as const;
  const built = cluster()
    .master("redis-master", nothingSeen("down"))
    .replica("redis-slave-1", lost)
    .replica("redis-slave-2", { ...lost, lagSeconds: seconds - 1 });
  for (let at = 1; at <= 3; at += 1) {
    if (at <= sentinels) built.sentinel(`redis-sentinel-${at}`);
    else built.sentinelDown(`redis-sentinel-${at}`);
  }
  return built.names({ node: "redis-master", host: "127.0.0.1", port: 6379 });
};

describe("a pause", () => {
  it("is in force until its time is over", () => {
    expect(pauseInForce(PAUSE, NOW)).toEqual(PAUSE);
    expect(pauseInForce(PAUSE, PAUSE.until)).toBeNull();
    expect(pauseInForce(null, NOW)).toBeNull();
  });

  it("is one sentence", () => {
    expect(pauseSentence(PAUSE, NOW)).toBe(
      "paused by ann until 2026-01-02 03:05:35 UTC (1m 30s left): new kernel",
    );
    expect(pauseSentence({ ...PAUSE, reason: "" }, NOW)).toMatch(/left\)$/);
  });

  it("is advice and no failure, and a Sentinel that does not keep it is a warning", () => {
    const built = seedCluster().paused();
    expect(found(built).map((each) => each.code)).toContain("PAUSED");
    expect(isHealthy(found(built))).toBe(true);
    const one = cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .sentinels(2)
      .sentinel("redis-sentinel-3", { downAfterMs: 5000 })
      .paused();
    expect(found(one).find((each) => each.code === "SENTINEL_TIMING")).toMatchObject({
      node: "redis-sentinel-3",
      severity: "warning",
      message: expect.stringContaining("down-after 5s (expected 30m)"),
    });
  });

  it("that is over and was not put back is a warning at each Sentinel", () => {
    const codes = found(cluster().master("m").replica("r").sentinels(3, { downAfterMs: 60_000 }));
    expect(codes.filter((each) => each.code === "SENTINEL_TIMING")).toHaveLength(3);
  });

  it("changes what is said of a dead master and of a dead node", () => {
    const built = cluster()
      .master("redis-master", nothingSeen("down"))
      .down("redis-slave-1")
      .replica("redis-slave-2")
      .sentinels(3)
      .names({ node: "redis-master", host: "127.0.0.1", port: 6379 })
      .paused();
    const message = (code: string) => found(built).find((each) => each.code === code)?.message;
    expect(message("MASTER_DOWN")).toContain("nobody is promoted: paused by ann");
    expect(message("NODE_DOWN")).not.toContain("the steward restarts it");
  });
});

describe("the way back from a pause in which the master died", () => {
  it.each<[string, Built, number | null]>([
    ["the master is well", seedCluster(), null],
    ["it has just died", deadFor(30), null],
    ["ten down-afters are nearly over: INFO may be old", deadFor(45), 5500],
    ["it died minutes ago", deadFor(600), 61_000],
    ["nobody could fail over", deadFor(600, 1), null],
  ])("%s", (_, built, ms) => {
    expect(bridge(built)).toBe(ms);
  });

  it("is what sentinelSelectSlave accepts, and short enough to call the master down at once", () => {
    for (const seconds of [60, 600, 86_400]) {
      const ms = bridge(deadFor(seconds)) ?? 0;
      expect(10 * ms).toBeGreaterThanOrEqual(seconds * 1000);
      expect(ms).toBeLessThan(seconds * 1000);
    }
  });
});
