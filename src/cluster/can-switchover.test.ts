import { describe, expect, it } from "vitest";
import { cluster, NOW, seedCluster } from "../../test/kit/cluster.ts";
import { can } from "./can.ts";
import { bestCandidate } from "./candidates.ts";
import type { SentinelSeen } from "./snapshot.ts";
import { viewOf } from "./view.ts";

type Built = ReturnType<typeof cluster>;

function refusal(built: Built, to: string | null = null, lastMoveAt: number | null = null): string | null {
  return can(built.topology, built.snapshot, { operation: "switchover", to, lastMoveAt })?.reason ?? null;
}

const best = (built: Built) => bestCandidate(viewOf(built.topology, built.snapshot));

const one = (seen: Parameters<Built["replica"]>[1], settings: Parameters<Built["replica"]>[2] = {}) =>
  cluster().master("redis-master").replica("redis-slave-1", seen, settings).sentinels(3);

/** The last Sentinel says something else than the others. */
const withSentinel = (seen: Partial<SentinelSeen>) =>
  cluster().master("redis-master").replica("redis-slave-1").sentinels(2).sentinel("redis-sentinel-3", seen);

describe("can switchover", () => {
  it("allows it on a healthy cluster, to any replica", () => {
    expect(refusal(seedCluster())).toBeNull();
    expect(refusal(seedCluster(), "redis-slave-3")).toBeNull();
  });

  it.each<[string, Built, string | null, RegExp]>([
    ["another operation is at work", seedCluster().operation("up"), null, /up is under way/],
    ["no master is named", seedCluster().names(null), null, /no majority/],
    ["the master refuses writes", seedMaster({ fenced: true }), null, /refuses writes/],
    ["the master hangs", seedMaster({ state: "unreachable" }), null, /is unreachable/],
    [
      "a failover is under way",
      withSentinel({ flags: ["master", "failover_in_progress"] }),
      null,
      /under way/,
    ],
    ["a Sentinel is behind", withSentinel({ epoch: 7 }), null, /does not agree|no majority/],
    ["there is no such node", seedCluster(), "redis-slave-9", /no node called redis-slave-9/],
    ["it is a Sentinel", seedCluster(), "redis-sentinel-1", /is a Sentinel/],
    ["it is the master", seedCluster(), "redis-master", /is the master already/],
    ["it must never be promoted", one({}, { configuredPriority: 0 }), "redis-slave-1", /priority 0/],
    ["it may not be promoted yet", one({ priority: 0 }), "redis-slave-1", /may not be promoted yet/],
    ["it is down", one({ state: "down", role: null }), "redis-slave-1", /is down/],
    ["it is being synced", one({ link: "sync" }), "redis-slave-1", /being synced/],
    ["it has no link", one({ link: "down" }), "redis-slave-1", /no link/],
    ["it is far behind", one({ lagBytes: 10_000_001 }), "redis-slave-1", /10000001 bytes behind/],
    [
      "a Sentinel does not know it",
      withSentinel({ replicas: [] }),
      "redis-slave-1",
      /redis-sentinel-3 has not found/,
    ],
    ["nobody is left to take over", cluster().master("redis-master").sentinels(3), null, /no replica/],
  ])("refuses when %s", (_, built, to, reason) => {
    expect(refusal(built, to)).toMatch(reason);
  });

  it("refuses right after a move, until every Sentinel would have corrected what it did not expect", () => {
    expect(refusal(seedCluster(), null, NOW - 7_900)).toContain("7.9 s ago, and the Sentinels need 8 s");
    expect(refusal(seedCluster(), null, NOW - 8_000)).toBeNull();
    expect(refusal(seedCluster(), null, NOW + 60_000), "a clock that was set back").toBeNull();
  });
});

describe("the best candidate", () => {
  it("is the one of the best priority, then with the most data", () => {
    const built = cluster()
      .master("redis-master")
      .replica("redis-slave-1", { offset: 900 })
      .replica("redis-slave-2", { offset: 1000 })
      .replica("redis-slave-3", { offset: 100 }, { configuredPriority: 50 });
    expect(best(built.sentinels(3))).toBe("redis-slave-3");
    const equal = cluster()
      .master("redis-master")
      .replica("redis-slave-1", { offset: 900 })
      .replica("redis-slave-2", { offset: 1000 });
    expect(best(equal.sentinels(3))).toBe("redis-slave-2");
  });

  it("is nobody who is unfit", () => {
    expect(best(one({ link: "down" }))).toBeNull();
  });
});

function seedMaster(seen: Parameters<Built["master"]>[1]): Built {
  return cluster().master("redis-master", seen).replica("redis-slave-1").sentinels(3);
}
