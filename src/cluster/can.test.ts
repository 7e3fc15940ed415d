import { describe, expect, it } from "vitest";
import { cluster, nothingSeen, seedCluster } from "../../test/kit/cluster.ts";
import { can, type Intent } from "./can.ts";

type Built = ReturnType<typeof cluster>;
type Simple = Exclude<Intent, { node: string } | { to: string | null }>["operation"];

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
    const replicas = entries.map((entry) => ({
      host: "127.0.0.1",
      port: 6380,
      offset: 1,
      runId: null,
      ...entry,
    }));
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

describe("can, while paused,", () => {
  it("refuses what needs a failover, and says who paused and how to go on", () => {
    const built = seedCluster().paused();
    expect(refused(built)).toEqual(["testFailover"]);
    expect(can(built.topology, built.snapshot, { operation: "testFailover" })).toEqual({
      reason: expect.stringMatching(/^paused by ann until .*: new kernel$/),
      next: "vedette resume",
    });
    expect(reason(built, { operation: "reset" })).toContain("paused by ann");
    expect(reason(built, { operation: "stopNode", node: "redis-master" })).toContain("paused by ann");
    expect(reason(built, { operation: "reinit", node: "redis-slave-1" })).toBeNull();
  });
});

describe("can pause", () => {
  const pause = (built: Built) => reason(built, { operation: "pause" });
  const dead = () =>
    cluster().master("redis-master", nothingSeen("down")).replica("redis-slave-1").sentinels(3);
  const named = { node: "redis-master", host: "127.0.0.1", port: 6379 };

  it("allows it with a Sentinel down, not with one that lives and does not listen", () => {
    const one = () => cluster().master("redis-master").replica("redis-slave-1").sentinels(2);
    expect(pause(one().sentinelDown("redis-sentinel-3", { pid: null }))).toBeNull();
    expect(pause(one().sentinelDown("redis-sentinel-3", { pid: 7 }))).toContain(
      "redis-sentinel-3 cannot be told",
    );
  });

  it("refuses it where no Sentinel runs, and during a failover", () => {
    expect(pause(cluster().master("redis-master").sentinelDown("redis-sentinel-1", { pid: null }))).toContain(
      "no Sentinel runs",
    );
    const moving = cluster()
      .master("redis-master")
      .sentinels(3, { flags: ["master", "failover_in_progress"] });
    expect(pause(moving)).toContain("failover is under way");
  });

  it("refuses to begin with a dead master, and lets such a pause be extended", () => {
    expect(pause(dead().names(named))).toContain("the master redis-master is down");
    expect(pause(dead().names(named).paused())).toBeNull();
  });
});

describe("can reset", () => {
  const reset = (built: Built) => reason(built, { operation: "reset" });

  it("allows it on a whole cluster only", () => {
    expect(reset(seedCluster())).toBeNull();
    expect(reset(withReplica({ link: "down" }))).toContain(
      "redis-slave-1 is not well and would be forgotten",
    );
    expect(reset(withReplica(nothingSeen("down")))).toContain("would be forgotten");
    const two = cluster().master("redis-master").replica("redis-slave-1").sentinels(2);
    expect(reset(two.sentinelDown("redis-sentinel-3"))).toContain("redis-sentinel-3 is not well");
  });

  it("refuses it during a failover and without a quorum", () => {
    const built = () => cluster().master("redis-master").replica("redis-slave-1");
    expect(reset(built().sentinels(3, { flags: ["master", "failover_in_progress"] }))).toContain("under way");
    expect(
      reset(built().sentinels(1).sentinelDown("redis-sentinel-2").sentinelDown("redis-sentinel-3")),
    ).toContain("1 of 3 Sentinels answer");
  });
});

describe("can reinit", () => {
  const reinit = (built: Built, node: string) => reason(built, { operation: "reinit", node });

  it("allows a replica, in whatever state it is", () => {
    expect(reinit(seedCluster(), "redis-slave-1")).toBeNull();
    expect(reinit(withReplica(nothingSeen("unreachable")), "redis-slave-1")).toBeNull();
    expect(reinit(withReplica({ link: "sync" }), "redis-slave-1")).toBeNull();
  });

  it("refuses the master by the Sentinels' word, by its own, a Sentinel, and a name that is none", () => {
    expect(reinit(seedCluster(), "redis-master")).toBe("redis-master is the master");
    const stray = cluster().master("redis-master").master("redis-slave-1").sentinels(3);
    expect(reinit(stray, "redis-slave-1")).toBe("redis-slave-1 answers as a master");
    expect(reinit(seedCluster(), "redis-sentinel-1")).toContain("is a Sentinel");
    expect(reinit(seedCluster(), "x")).toContain("no node called x");
  });

  it("refuses it without a master to copy from", () => {
    const built = cluster().master("redis-master", nothingSeen("down")).replica("redis-slave-1").sentinels(3);
    const named = { node: "redis-master", host: "127.0.0.1", port: 6379 };
    expect(reinit(built.names(named), "redis-slave-1")).toContain("is down");
    expect(reinit(seedCluster().operation("backup"), "redis-slave-1")).toContain("backup is under way");
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
