import { describe, expect, it } from "vitest";
import { cluster, seedCluster } from "../../test/kit/cluster.ts";
import { confirmed, repairs } from "./repairs.ts";

describe("a fence that nobody lifted", () => {
  const fenced = () =>
    cluster().master("redis-master", { fenced: true }, { minReplicas: 1 }).replica("redis-slave-1");

  it("is lifted when the Sentinels confirm the master", () => {
    const { topology, snapshot } = fenced().sentinels(3);
    expect(repairs(topology, snapshot)).toEqual([
      {
        node: "redis-master",
        settings: ["min-replicas-to-write", "1", "min-replicas-max-lag", "10"],
        why: "the Sentinels confirm it as master",
      },
    ]);
  });

  it.each<[string, ReturnType<typeof cluster>]>([
    [
      "while one is failing over",
      fenced()
        .sentinels(2)
        .sentinel("s", { flags: ["master", "failover_in_progress"] }),
    ],
    [
      "while as many as the quorum take it for down",
      fenced()
        .sentinels(2, { flags: ["master", "s_down"] })
        .sentinel("s"),
    ],
    [
      "while one knows that it is objectively down",
      fenced()
        .sentinels(2)
        .sentinel("s", { flags: ["master", "o_down"] }),
    ],
    ["while one names another node", fenced().sentinels(2).sentinel("s", { masterNode: "redis-slave-1" })],
    ["while one is at an older epoch", fenced().sentinels(2, { epoch: 2 }).sentinel("s", { epoch: 1 })],
    ["while too few answer", fenced().sentinel("a").sentinelDown("b").sentinelDown("c")],
    [
      "on a node that they do not name",
      fenced().sentinels(3).names({ host: "h", port: 1, node: "redis-slave-1" }),
    ],
  ])("stays %s", (_, { topology, snapshot }) => {
    expect(repairs(topology, snapshot)).toEqual([]);
  });

  it("is lifted although one Sentinel cannot reach it", () => {
    const { topology, snapshot } = fenced()
      .sentinels(2)
      .sentinel("s", { flags: ["master", "s_down"] });
    expect(repairs(topology, snapshot)).toHaveLength(1);
  });

  it("is lifted although a minority is down, and with a single Sentinel", () => {
    const minority = fenced().sentinels(2).sentinelDown("c");
    expect(repairs(minority.topology, minority.snapshot)).toHaveLength(1);
    const one = fenced().sentinels(1);
    expect(repairs(one.topology, one.snapshot)).toHaveLength(1);
  });
});

describe("a priority that nobody gave back", () => {
  it("is given to a replica in sync, as the topology has it", () => {
    const { topology, snapshot } = cluster()
      .master("redis-master")
      .replica("redis-slave-1", { priority: 0 }, { configuredPriority: 50 })
      .sentinels(3);
    expect(repairs(topology, snapshot)).toMatchObject([
      { node: "redis-slave-1", settings: expect.arrayContaining(["replica-priority", "50"]) },
    ]);
  });

  it("is not given before the sync, nor to one that shall never be promoted, nor where nothing is missing", () => {
    const { topology, snapshot } = cluster()
      .master("redis-master")
      .replica("redis-slave-1", { priority: 0, link: "sync" })
      .replica("redis-slave-2", { priority: 0, link: "down" })
      .replica("redis-slave-3", { priority: 0 }, { configuredPriority: 0 })
      .replica("redis-slave-4", { priority: 0, state: "loading" })
      .sentinels(3);
    expect(repairs(topology, snapshot)).toEqual([]);
    expect(repairs(seedCluster().topology, seedCluster().snapshot)).toEqual([]);
  });
});

describe("confirmed", () => {
  const [a, b] = ["a", "b"].map((node) => ({ node, settings: [], why: "x" }));
  it("does only what two looks in a row asked for, for the same reason", () => {
    expect(confirmed([a!], [a!, b!])).toEqual([a]);
    expect(confirmed([a!], [])).toEqual([]);
    expect(confirmed([{ ...a!, why: "y" }], [a!])).toEqual([]);
  });
});
