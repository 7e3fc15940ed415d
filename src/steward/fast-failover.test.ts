import { describe, expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import type { Durability } from "../topology/durability.ts";
import { decideFastFailover, type MasterDeath } from "./fast-failover.ts";

const DEATH: MasterDeath = {
  master: "redis-master",
  epoch: 0,
  evidence: "process-ended",
  wanted: true,
  operation: null,
  tilted: false,
  handled: false,
};

function decide(
  death: Partial<MasterDeath> = {},
  change: (snapshot: ReturnType<typeof seedCluster>["snapshot"]) => void = () => {},
  fast = true,
  durability: Durability = "async",
) {
  const { topology, snapshot } = seedCluster();
  const master = snapshot.nodes.find((each) => each.node === "redis-master");
  if (master) Object.assign(master, { state: "down", role: null, pid: null });
  change(snapshot);
  const epoch = snapshot.epoch;
  return decideFastFailover(
    { ...topology, durability, failover: { fast, spread: true } },
    { ...DEATH, epoch, ...death },
    snapshot,
  );
}

describe("a master whose process has ended", () => {
  it("is failed over by the Sentinel that clients ask last", () => {
    expect(decide()).toEqual({ do: "ask", sentinel: "redis-sentinel-3" });
    expect(decide({}, (now) => Object.assign(now.sentinels[2]!, { up: false }))).toEqual({
      do: "ask",
      sentinel: "redis-sentinel-2",
    });
  });

  it.each<[string, Partial<MasterDeath>]>([
    ["silence is no evidence", { evidence: "silence" }],
    ["this death was acted on before", { handled: true }],
    ["the master was stopped on request", { wanted: false }],
    ["`switchover` is at work", { operation: "switchover" }],
    ["we were frozen or the clock jumped", { tilted: true }],
    ["redis-sentinel-1 is at another epoch", { epoch: 99 }],
  ])("is left to Sentinel: %s", (why, death) => {
    expect(decide(death)).toEqual({ do: "leave", why });
  });

  it("is left to Sentinel when fastFailover is off", () => {
    expect(decide({}, () => {}, false)).toEqual({ do: "leave", why: "fastFailover is off" });
  });

  it.each(["s_down", "o_down", "failover_in_progress"])(
    "is left to a Sentinel that already shows %s",
    (flag) => {
      const decision = decide({}, (now) => Object.assign(now.sentinels[1]!, { flags: ["master", flag] }));
      expect(decision).toEqual({ do: "leave", why: `redis-sentinel-2 has seen it already (${flag})` });
    },
  );

  it.each<[string, (now: ReturnType<typeof seedCluster>["snapshot"]) => void]>([
    [
      "only 1 Sentinels answer",
      (now) => {
        Object.assign(now.sentinels[0]!, { up: false });
        Object.assign(now.sentinels[2]!, { up: false });
      },
    ],
    ["redis-sentinel-3 is in TILT", (now) => Object.assign(now.sentinels[2]!, { tilt: true })],
    [
      "redis-sentinel-2 names another master",
      (now) => Object.assign(now.sentinels[1]!, { masterNode: "redis-slave-1" }),
    ],
    ["redis-sentinel-2 is at another epoch", (now) => Object.assign(now.sentinels[1]!, { epoch: 7 })],
    ["the master answers", (now) => Object.assign(now.nodes[0]!, { state: "up", role: "master" })],
    [
      "no replica may be promoted",
      (now) => now.nodes.forEach((node) => Object.assign(node, { priority: 0 })),
    ],
  ])("is left to Sentinel: %s", (why, change) => {
    expect(decide({}, change)).toEqual({ do: "leave", why });
  });

  const confirmed = (change: Parameters<typeof decide>[1]) => decide({}, change, true, "confirmed");

  it("is failed over at once with durability: confirmed while the replicas have the same data", () => {
    expect(confirmed(() => {})).toEqual({ do: "ask", sentinel: "redis-sentinel-3" });
  });

  it.each<[string, Parameters<typeof decide>[1]]>([
    [
      "the replicas do not have the same data",
      (now) => Object.assign(now.nodes[2]!, { offset: (now.nodes[2]!.offset ?? 0) - 1 }),
    ],
    [
      "redis-slave-1 does not show what it has",
      (now) => Object.assign(now.nodes[1]!, { state: "unreachable", role: null, offset: null }),
    ],
  ])("is left to Sentinel with durability: confirmed when %s", (why, change) => {
    expect(confirmed(change)).toEqual({ do: "leave", why: `durability is confirmed, and ${why}` });
    expect(decide({}, change)).toMatchObject({ do: "ask" });
  });
});
