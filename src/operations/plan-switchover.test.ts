import { describe, expect, it } from "vitest";
import { cluster, seedCluster } from "../../test/kit/cluster.ts";
import { notConvinced, planSwitchover, preferredPriorities } from "./plan-switchover.ts";

describe("the plan of a switchover", () => {
  it("names who moves, and who follows whom before and after", () => {
    const { topology, snapshot } = seedCluster();
    expect(planSwitchover(topology, snapshot, "redis-slave-2")).toMatchObject({
      from: "redis-master",
      to: "redis-slave-2",
      pauseMs: 2_500,
      replicas: {
        before: ["redis-slave-1", "redis-slave-2", "redis-slave-3"],
        after: ["redis-master", "redis-slave-1", "redis-slave-3"],
      },
    });
  });

  it.each([
    [1_000, 500],
    [5_000, 2_500],
    [60_000, 5_000],
  ])("pauses for half of a down-after of %i ms at most", (downAfterMs, pauseMs) => {
    const { topology, snapshot } = seedCluster();
    const patient = { ...topology, sentinel: { ...topology.sentinel, downAfterMs } };
    expect(planSwitchover(patient, snapshot, "redis-slave-1")?.pauseMs).toBe(pauseMs);
  });

  it("is none without a master, or without anybody to move it to", () => {
    const headless = seedCluster().names(null);
    expect(planSwitchover(headless.topology, headless.snapshot, null)).toBeNull();
    const alone = cluster().master("redis-master").sentinels(3);
    expect(planSwitchover(alone.topology, alone.snapshot, null)).toBeNull();
  });
});

describe("preferring one replica", () => {
  it("gives it the best priority, and takes it from those that have it, too", () => {
    const { topology, snapshot } = cluster()
      .master("redis-master")
      .replica("redis-slave-1", { priority: 100 })
      .replica("redis-slave-2", { priority: 1 }, { configuredPriority: 1 })
      .sentinels(3);
    expect([...preferredPriorities(topology, snapshot, "redis-slave-1")]).toEqual([
      ["redis-slave-1", 1],
      ["redis-slave-2", 2],
    ]);
  });

  const polled = (first: number, second: number) => {
    const built = cluster().master("redis-master").replica("redis-slave-1").replica("redis-slave-2");
    const entry = (id: string, priority: number) => ({
      ...built.at(id),
      flags: ["slave"],
      linkUp: true,
      priority,
      offset: 1,
      runId: null,
    });
    const replicas = [entry("redis-slave-1", first), entry("redis-slave-2", second)];
    const { topology, snapshot } = built.sentinels(3, { replicas });
    return notConvinced(topology, snapshot, "redis-slave-1");
  };

  it.each([
    [100, 100, /has not polled the priority of redis-slave-1/],
    [1, 1, /would still choose/],
  ])("is not done while the Sentinels have polled %i and %i", (first, second, why) => {
    expect(polled(first, second)).toMatch(why);
  });

  it("is done when they have polled it", () => {
    expect(polled(1, 100)).toBeNull();
  });
});
