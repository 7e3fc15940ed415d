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
    { ...topology, durability, failover: { profile: "standard" as const, fast, spread: true } },
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

  it.each([
    [600, 1000],
    [1100, 1500],
    [1100, 5000],
    [null, null],
  ])("is failed over when Sentinels heard of it %s ms ago and wait for %s", (silentMs, downAfterMs) => {
    const decision = decide({}, (now) =>
      now.sentinels.forEach((each) => Object.assign(each, { silentMs, downAfterMs })),
    );
    expect(decision.do).toBe("ask");
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

  it("is left alone while paused", () => {
    const decision = decide({}, (now) =>
      Object.assign(now, { pause: seedCluster().paused().snapshot.pause }),
    );
    expect(decision).toEqual({ do: "leave", why: expect.stringContaining("paused by ann") });
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
    [
      "it was silent before: redis-sentinel-1 takes it for down any moment",
      (now) => Object.assign(now.sentinels[0]!, { silentMs: 601, downAfterMs: 1000 }),
    ],
    ["the master answers", (now) => Object.assign(now.nodes[0]!, { state: "up", role: "master" })],
    [
      "no replica may be promoted",
      (now) => now.nodes.forEach((node) => Object.assign(node, { priority: 0 })),
    ],
  ])("is left to Sentinel: %s", (why, change) => {
    expect(decide({}, change)).toEqual({ do: "leave", why });
  });

  const confirmed = (change: Parameters<typeof decide>[1]) => decide({}, change, true, "confirmed");

  const hidden = { state: "unreachable", role: null, offset: null };

  it("with durability: confirmed, is failed over while one of those that are left must have every write", () => {
    expect(confirmed(() => {})).toMatchObject({ do: "ask" });
    expect(confirmed((now) => Object.assign(now.nodes[1]!, hidden))).toMatchObject({ do: "ask" });
  });

  it("with durability: confirmed, is left to Sentinel when too few replicas show what they have", () => {
    const two = (now: ReturnType<typeof seedCluster>["snapshot"]) =>
      now.nodes.slice(1, 3).forEach((node) => Object.assign(node, hidden));
    const why = "durability is confirmed, and only 1 of 2 replicas show what they have";
    expect(confirmed(two)).toEqual({ do: "leave", why });
    expect(decide({}, two)).toMatchObject({ do: "ask" });
  });
});
