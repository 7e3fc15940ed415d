import { describe, expect, it } from "vitest";
import { cluster } from "../../test/kit/cluster.ts";
import type { Position, RedisRecord, Records } from "../runtimes/records.ts";
import { provenFreshest } from "./freshest.ts";

const O_DOWN = { flags: ["master", "s_down", "o_down"] };
const WAITS = { priority: 0, link: "down" as const, offset: 1 };

/** The master is gone; three replicas have restarted and none may be promoted. */
function orphans() {
  return cluster()
    .down("redis-master")
    .replica("redis-slave-1", WAITS)
    .replica("redis-slave-2", WAITS)
    .replica("redis-slave-3", WAITS)
    .sentinels(3, O_DOWN);
}

const position = (offset: number, more: Partial<Position> = {}): Position => ({
  at: 1,
  role: "replica",
  replId: "history",
  offset,
  keys: 1,
  dataId: "data",
  ...more,
});

/** What was on record: redis-slave-2 is ahead. `nodes` and `seen` are merged over it. */
function records(
  nodes: Record<string, Position | undefined> = {},
  seen: Record<string, Partial<RedisRecord>> = {},
): Records {
  const all = ["redis-master", "redis-slave-1", "redis-slave-2", "redis-slave-3"];
  const known: Record<string, Position | undefined> = {
    "redis-master": position(120, { role: "master" }),
    "redis-slave-1": position(100),
    "redis-slave-2": position(110),
    "redis-slave-3": position(100),
    ...nodes,
  };
  return {
    redis: all.map((node) => ({
      node,
      known: true,
      follows: null,
      hasData: true,
      dataId: "data",
      epoch: 0,
      ...seen[node],
    })),
    sentinels: [],
    positions: {
      at: 1,
      epoch: 0,
      master: "redis-master",
      nodes: Object.fromEntries(Object.entries(known).flatMap(([id, at]) => (at ? [[id, at]] : []))),
    },
  };
}

function freshest(built: ReturnType<typeof cluster>, given: Records = records()): string[] {
  return provenFreshest(built.topology, built.snapshot, given);
}

describe("the freshest replica", () => {
  it("is the one that was furthest when it was last seen in sync", () => {
    expect(freshest(orphans())).toEqual(["redis-slave-2"]);
  });

  it("may be several that were equally far", () => {
    expect(freshest(orphans(), records({ "redis-slave-3": position(110) }))).toEqual([
      "redis-slave-2",
      "redis-slave-3",
    ]);
  });

  it("is not one that was wiped: the next one is", () => {
    const wiped = records({}, { "redis-slave-2": { dataId: "new" } });
    expect(freshest(orphans(), wiped)).toEqual(["redis-slave-1", "redis-slave-3"]);
    const empty = records({}, { "redis-slave-2": { hasData: false } });
    expect(freshest(orphans(), empty)).toEqual(["redis-slave-1", "redis-slave-3"]);
  });

  it("is nobody while one that was further is down: it may come back", () => {
    const built = cluster()
      .down("redis-master")
      .replica("redis-slave-1", WAITS)
      .down("redis-slave-2")
      .replica("redis-slave-3", WAITS)
      .sentinels(3, O_DOWN);
    expect(freshest(built)).toEqual([]);
  });

  it("is nobody whose data is of another history than the master's", () => {
    expect(freshest(orphans(), records({ "redis-slave-2": position(500, { replId: "other" }) }))).toEqual([]);
  });

  it("is nobody while a node was never seen: it may hold anything", () => {
    expect(freshest(orphans(), records({ "redis-slave-1": undefined }))).toEqual([]);
  });

  it("is found without the master's own record only when all replicas were of one history", () => {
    expect(freshest(orphans(), records({ "redis-master": undefined }))).toEqual(["redis-slave-2"]);
    const torn = records({ "redis-master": undefined, "redis-slave-1": position(1, { replId: "other" }) });
    expect(freshest(orphans(), torn)).toEqual([]);
  });

  it("is nobody when the records are older than the last failover", () => {
    const moved = cluster()
      .down("redis-master")
      .replica("redis-slave-1", WAITS)
      .replica("redis-slave-2", WAITS)
      .replica("redis-slave-3", WAITS)
      .sentinels(3, { ...O_DOWN, epoch: 1 });
    expect(freshest(moved)).toEqual([]);
    expect(freshest(orphans(), { ...records(), positions: null })).toEqual([]);
  });

  it("is never one that its owner does not want promoted", () => {
    const built = cluster()
      .down("redis-master")
      .replica("redis-slave-1", WAITS)
      .replica("redis-slave-2", WAITS, { configuredPriority: 0 })
      .replica("redis-slave-3", WAITS)
      .sentinels(3, O_DOWN);
    expect(freshest(built)).toEqual([]);
  });
});

describe("nobody is helped", () => {
  const replicas = (built: ReturnType<typeof cluster>, first = {}) =>
    built
      .replica("redis-slave-1", { ...WAITS, ...first })
      .replica("redis-slave-2", WAITS)
      .replica("redis-slave-3", WAITS);

  it.each<[string, ReturnType<typeof cluster>]>([
    ["while the master runs", replicas(cluster().master("redis-master")).sentinels(3, O_DOWN)],
    [
      "while the master only hangs",
      replicas(cluster().master("redis-master", { state: "unreachable", role: null })).sentinels(3, O_DOWN),
    ],
    [
      "while a minority takes it for down",
      replicas(cluster().down("redis-master")).sentinel("a", O_DOWN).sentinel("b").sentinel("c"),
    ],
    [
      "while Sentinel has a replica to promote",
      replicas(cluster().down("redis-master"), { priority: 100, link: "down" }).sentinels(3, O_DOWN),
    ],
  ])("%s", (_, built) => {
    expect(freshest(built)).toEqual([]);
  });

  it("but a master that waits to start, because its data is gone, is as good as down", () => {
    const built = replicas(cluster().down("redis-master", { state: "waiting" })).sentinels(3, O_DOWN);
    expect(freshest(built)).toEqual(["redis-slave-2"]);
  });
});
