import { describe, expect, it } from "vitest";
import { cluster, nothingSeen, seedCluster } from "../../test/kit/cluster.ts";
import { can, type Intent } from "./can.ts";

type Built = ReturnType<typeof cluster>;
type Simple = Exclude<Intent, { node: string }>["operation"];

const ALL: Simple[] = ["testFailover", "testReplication", "backup", "flushAll", "benchmark"];

function reason(built: Built, intent: Intent): string | null {
  return can(built.topology, built.snapshot, intent)?.reason ?? null;
}

/** The operations that are refused. */
function refused(built: Built): string[] {
  return ALL.filter((operation) => reason(built, { operation }) !== null);
}

const withReplica = (seen: Parameters<Built["replica"]>[1]) =>
  cluster().master("redis-master").replica("redis-slave-1", seen).sentinels(3);

describe("can", () => {
  it("allows everything on a healthy cluster", () => {
    expect(refused(seedCluster())).toEqual([]);
    for (const node of ["redis-master", "redis-slave-1", "redis-sentinel-1"]) {
      expect(reason(seedCluster(), { operation: "stopNode", node })).toBeNull();
    }
  });

  const cases: [string, () => Built, Simple[]][] = [
    [
      "another operation runs",
      () => seedCluster().operation("benchmark"),
      ["testFailover", "backup", "flushAll", "benchmark"],
    ],
    [
      "no master is named",
      () => seedCluster().names(null),
      ["testFailover", "testReplication", "flushAll", "benchmark"],
    ],
    [
      "the master hangs",
      () => cluster().master("redis-master", { state: "unreachable" }).replica("redis-slave-1").sentinels(3),
      ["testFailover", "testReplication", "flushAll", "benchmark"],
    ],
    [
      "the master is fenced",
      () => cluster().master("redis-master", { fenced: true }).replica("redis-slave-1").sentinels(3),
      ["testFailover", "testReplication", "flushAll", "benchmark"],
    ],
    [
      "two nodes take writes",
      () => cluster().master("redis-master").master("redis-slave-1").replica("redis-slave-2").sentinels(3),
      ["testFailover", "testReplication", "flushAll", "benchmark"],
    ],
    [
      "a failover is under way",
      () =>
        cluster()
          .master("redis-master")
          .replica("redis-slave-1")
          .sentinels(3, { flags: ["master", "failover_in_progress"] }),
      ["testFailover", "flushAll", "benchmark"],
    ],
    [
      "there is no replica",
      () => cluster().master("redis-master").sentinels(3),
      ["testFailover", "testReplication"],
    ],
    ["no link is up", () => withReplica({ link: "down" }), ["testFailover", "testReplication"]],
    ["nobody may be promoted", () => withReplica({ priority: 0 }), ["testFailover"]],
    [
      "the Sentinels are too few",
      () =>
        cluster()
          .master("redis-master")
          .replica("redis-slave-1")
          .sentinel("redis-sentinel-1")
          .sentinelDown("redis-sentinel-2")
          .sentinelDown("redis-sentinel-3")
          .names({ host: "127.0.0.1", port: 6379, node: "redis-master" }),
      ["testFailover"],
    ],
  ];
  it.each(cases)("when %s", (_, build, expected) => {
    expect(refused(build())).toEqual(expected);
  });

  it.each([
    ["does not know it", []],
    ["holds it for down", [{ flags: ["s_down", "slave"], linkUp: true, priority: 100 }]],
    ["has not seen its link yet", [{ flags: ["slave"], linkUp: false, priority: 100 }]],
    ["still reads its old priority 0", [{ flags: ["slave"], linkUp: true, priority: 0 }]],
  ])("refuses test-failover while one Sentinel %s: it may be the leader", (_, entries) => {
    const replicas = entries.map((entry) => ({ host: "127.0.0.1", port: 6380, ...entry }));
    const built = cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .sentinels(2)
      .sentinel("redis-sentinel-3", { replicas });
    expect(reason(built, { operation: "testFailover" })).toContain("known as good to every Sentinel");
  });

  it("takes a backup from a linked replica even when nobody names a master", () => {
    expect(reason(seedCluster().names(null), { operation: "backup" })).toBeNull();
    expect(
      reason(cluster().master("redis-master").sentinels(3).names(null), { operation: "backup" }),
    ).not.toBeNull();
  });

  it("always says what to do next", () => {
    for (const operation of ALL) {
      const built = cluster().down("redis-master").sentinelDown("redis-sentinel-1");
      expect(can(built.topology, built.snapshot, { operation })?.next).toMatch(/vedette/);
    }
  });
});

describe("can stopNode", () => {
  const stop = (built: Built, node: string) => reason(built, { operation: "stopNode", node });

  it("refuses a name that is none", () => {
    expect(stop(seedCluster(), "redis-slave-9")).toBe("there is no node called redis-slave-9");
  });

  it("refuses the master that nobody could follow, but not one that is down already", () => {
    expect(stop(withReplica({ link: "down" }), "redis-master")).toContain("nobody could take over");
    expect(stop(withReplica({ link: "down" }), "redis-slave-1")).toBeNull();
    const down = cluster().down("redis-master").replica("redis-slave-1", nothingSeen("down")).sentinels(3);
    expect(stop(down, "redis-master")).toBeNull();
  });

  it("refuses the Sentinel whose vote is needed", () => {
    const two = cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .sentinels(2)
      .sentinelDown("redis-sentinel-3");
    expect(stop(two, "redis-sentinel-1")).toContain("2 must agree");
    expect(stop(two, "redis-sentinel-3")).toBeNull();
  });
});
