import { describe, expect, it } from "vitest";
import { cluster, nothingSeen, seedCluster } from "../../test/kit/cluster.ts";
import { unsettled } from "./settled.ts";

function missing(built: ReturnType<typeof cluster>): string[] {
  return unsettled(built.topology, built.snapshot);
}

describe("a whole cluster", () => {
  it("misses nothing, whatever its size", () => {
    expect(missing(seedCluster())).toEqual([]);
    expect(missing(cluster().master("redis-master").sentinels(1))).toEqual([]);
    expect(missing(seedCluster().sentinels(2))).toEqual([]);
  });

  it("may have a replica that shall never be promoted", () => {
    const never = cluster()
      .master("redis-master")
      .replica("redis-slave-1", { priority: 0 }, { configuredPriority: 0 })
      .sentinels(3);
    expect(missing(never)).toEqual([]);
  });
});

describe("a cluster is not whole", () => {
  const built = () => cluster().master("redis-master");

  it.each<[string, ReturnType<typeof cluster>, string[]]>([
    [
      "before a master is named",
      seedCluster().names(null),
      ["no majority of the Sentinels names a master yet"],
    ],
    [
      "before a master is named, which Sentinels are silent",
      cluster()
        .master("redis-master")
        .sentinelDown("a", { reason: "refused" })
        .sentinelDown("b")
        .sentinel("c"),
      ["a does not answer: refused", "b does not answer", "no majority of the Sentinels names a master yet"],
    ],
    [
      "while the master is fenced",
      cluster().master("redis-master", { fenced: true }).sentinels(1),
      ["redis-master refuses writes until the Sentinels confirm it as master"],
    ],
    [
      "while the named node is a replica",
      cluster()
        .replica("redis-master", { follows: { host: "h", port: 1 } })
        .sentinels(1),
      ["redis-master is named master but still a replica"],
    ],
    [
      "while a node waits",
      built()
        .down("redis-slave-1", { ...nothingSeen("waiting"), reason: "no Sentinel answers" })
        .sentinels(1),
      [
        "redis-slave-1 is waiting: no Sentinel answers",
        "redis-sentinel-1 has not found redis-slave-1 fit to be promoted yet",
      ],
    ],
    [
      "with a second master",
      built().master("redis-slave-1", { link: "up" }).sentinels(1),
      ["redis-slave-1 is not a replica yet"],
    ],
    [
      "while a replica may not be promoted",
      built().replica("redis-slave-1", { priority: 0 }).sentinels(1),
      [
        "redis-slave-1 may not be promoted yet",
        "redis-sentinel-1 has not found redis-slave-1 fit to be promoted yet",
      ],
    ],
    [
      "while a Sentinel is at an older epoch",
      built().sentinels(2, { epoch: 2 }).sentinel("s", { epoch: 1 }),
      ["s does not agree with the others yet"],
    ],
    [
      "while a Sentinel takes the master for down",
      built()
        .sentinels(2)
        .sentinel("s", { flags: ["master", "s_down"] }),
      ["s reports s_down"],
    ],
    [
      "without a quorum",
      built().sentinels(2).sentinel("s", { quorumOk: false, quorumMessage: "NOQUORUM 1" }),
      ["s sees no quorum: NOQUORUM 1"],
    ],
    [
      // Of five Sentinels, two that know only each other would see a majority of two in CKQUORUM.
      "while a Sentinel does not know all others",
      built().sentinels(4).sentinel("s", { otherSentinels: 2 }),
      ["s knows 2 of 4 other Sentinels yet"],
    ],
  ])("%s", (_, given, said) => {
    expect(missing(given)).toEqual(said);
  });

  it.each<[string, object]>([
    ["has not heard of", { port: 1 }],
    ["takes for down", { flags: ["s_down", "slave"] }],
    ["has no link to", { flags: ["slave", "disconnected"] }],
    ["has not seen in sync", { linkUp: false }],
    ["still reads priority 0 of", { priority: 0 }],
  ])("while a Sentinel %s a replica", (_, entry) => {
    const whole = built().replica("redis-slave-1");
    const seen = {
      host: "127.0.0.1",
      port: 6380,
      flags: ["slave"],
      linkUp: true,
      priority: 100,
      offset: 1,
      runId: null,
    };
    expect(missing(whole.sentinels(1, { replicas: [seen] }))).toEqual([]);
    const other = built()
      .replica("redis-slave-1")
      .sentinels(1, { replicas: [{ ...seen, ...entry }] });
    expect(missing(other)).toEqual(["redis-sentinel-1 has not found redis-slave-1 fit to be promoted yet"]);
  });
});
