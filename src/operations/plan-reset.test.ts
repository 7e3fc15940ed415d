import { describe, expect, it } from "vitest";
import { cluster, seedCluster } from "../../test/kit/cluster.ts";
import { planReset, RESET_SPACING_MS, staleOf } from "./plan-reset.ts";

const ADDRESS = "127.0.0.1";
const peers = [26380, 26381].map((port) => ({ host: ADDRESS, port }));

describe("what the Sentinels remember too much", () => {
  it("is nothing in a cluster as it should be", () => {
    const { topology, snapshot } = seedCluster();
    expect(staleOf(topology, snapshot).map((each) => each.entries)).toEqual([[], [], []]);
  });

  it("is named by address, per Sentinel, and the rest is counted", () => {
    const replica = {
      host: ADDRESS,
      port: 6390,
      flags: ["slave", "s_down"],
      linkUp: false,
      priority: 100,
      offset: 1,
      runId: null,
    };
    const built = cluster()
      .master("redis-master")
      .sentinel("redis-sentinel-1", {
        replicas: [replica],
        peers: [...peers, { host: "10.0.0.9", port: 26379 }],
        otherSentinels: 4,
      })
      .sentinel("redis-sentinel-2", { peers: [], otherSentinels: 1 })
      .sentinelDown("redis-sentinel-3");
    expect(staleOf(built.topology, built.snapshot)).toEqual([
      {
        node: "redis-sentinel-1",
        entries: ["the replica 127.0.0.1:6390", "the Sentinel 10.0.0.9:26379", "1 Sentinel too many"],
      },
      { node: "redis-sentinel-2", entries: [] },
    ]);
  });
});

describe("a reset", () => {
  it("waits for each Sentinel to find everything again, and half a minute, before the next one", () => {
    const steps = planReset(["s1", "s2"], RESET_SPACING_MS);
    expect(steps).toMatchObject([
      { do: "reset-sentinel", node: "s1" },
      { do: "await", condition: "settled" },
      { do: "rest", ms: 30_000 },
      { do: "reset-sentinel", node: "s2" },
      { do: "await", condition: "settled" },
    ]);
    expect(planReset([], 1)).toEqual([]);
  });
});
