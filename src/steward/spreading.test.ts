import { describe, expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import type { Decided } from "./election.ts";
import { decideSpreading, type SentinelSaid, type SpreadFacts } from "./spreading.ts";

const built = seedCluster();
const { topology } = built;

const DECIDED: Decided = {
  leader: "redis-sentinel-2",
  epoch: 3,
  from: built.at("redis-master"),
  chosen: built.at("redis-slave-2"),
};

function said(at: 1 | 2 | 3, changes: Partial<SentinelSaid> = {}): SentinelSaid {
  const flags = at === 2 ? ["master", "s_down", "o_down", "failover_in_progress"] : ["master", "s_down"];
  return {
    node: `redis-sentinel-${at}`,
    id: `id${at}`,
    flags,
    epoch: 2,
    downAfterMs: 1500,
    pingMs: 1000,
    ...changes,
  };
}

function decide(changes: Partial<SpreadFacts> = {}, decided: Partial<Decided> = {}, spread = true) {
  const facts: SpreadFacts = {
    held: null,
    ageMs: 120,
    said: [said(1), said(2), said(3)],
    before: built.snapshot,
    ...changes,
  };
  const { failover } = topology;
  const decision = decideSpreading(
    { ...topology, failover: { ...failover, spread } },
    { ...DECIDED, ...decided },
    facts,
  );
  return decision.do === "leave" ? decision.why : decision;
}

describe("a failover that a Sentinel leads", () => {
  it("is spread under its leader's id, to the replicas beside the promoted one", () => {
    const decision = decide();
    expect(decision).toMatchObject({ do: "spread", id: "id2", promoted: { id: "redis-slave-2" } });
    expect(decision).toHaveProperty("others.length", 2);
    expect(decision).toHaveProperty("others.0.id", "redis-slave-1");
    expect(decision).toHaveProperty("others.1.id", "redis-slave-3");
  });

  it("points no replica that was not up, and never the old master", () => {
    const { topology: _, snapshot } = seedCluster();
    const dead = snapshot.nodes.find((each) => each.node === "redis-slave-1");
    Object.assign(dead ?? {}, { state: "down", role: null });
    Object.assign(snapshot.nodes[0] ?? {}, { role: "replica" });
    expect(decide({ before: snapshot })).toMatchObject({ others: [{ id: "redis-slave-3" }] });
  });

  it("is spread with one Sentinel dead, and where Redis 6.2 tells no periods", () => {
    expect(decide({ said: [said(2), said(3)] })).toMatchObject({ do: "spread" });
    expect(decide({ said: [said(2, { pingMs: null }), said(3, { pingMs: null })] })).toMatchObject({
      do: "spread",
    });
  });

  it("is spread with short periods", () => {
    const fast = { downAfterMs: 1000, pingMs: 250 };
    expect(decide({ said: [said(1, fast), said(2, fast), said(3, fast)] })).toMatchObject({ do: "spread" });
  });

  it.each<[string, string, Partial<SpreadFacts>]>([
    ["an operation is at work", "`restore` is at work", { held: "`restore` is at work" }],
    ["we were frozen", "we were frozen, or the promotion took too long", { ageMs: 3001 }],
    ["no quorum answers", "only 1 Sentinels answer", { said: [said(2)] }],
    [
      "the leader does not answer",
      "redis-sentinel-2, which leads it, does not answer",
      { said: [said(1), said(3)] },
    ],
    [
      "it is over",
      "redis-sentinel-2 leads no failover any more",
      { said: [said(1), said(2, { flags: ["master"] })] },
    ],
    [
      "another Sentinel knows a later one",
      "redis-sentinel-1 is at epoch 4 already",
      { said: [said(1, { epoch: 4 }), said(2)] },
    ],
    [
      "it is told already",
      "redis-sentinel-3 is at epoch 3 already",
      { said: [said(2), said(3, { epoch: 3 })] },
    ],
    [
      "a Sentinel watches no such master",
      "redis-sentinel-1 is at epoch unknown already",
      { said: [said(1, { epoch: null }), said(2)] },
    ],
    [
      "rule A does not hold on a restarted Sentinel",
      "the down-after of redis-sentinel-3 is too short for its ping period",
      { said: [said(2), said(3, { downAfterMs: 1000 })] },
    ],
    [
      "rule A does not hold with the stock period of Redis 6.2",
      "the down-after of redis-sentinel-3 is too short for its ping period",
      { said: [said(2), said(3, { downAfterMs: 1000, pingMs: null })] },
    ],
    ["nobody has looked yet", "the steward has not looked around yet", { before: null }],
  ])("is left alone when %s", (_, why, changes) => {
    expect(decide(changes)).toBe(why);
  });

  it("is left alone when a stranger was chosen, or when spreading is off", () => {
    expect(decide({}, { chosen: { host: "10.9.9.9", port: 1 } })).toBe(
      "the chosen replica is no node of this topology",
    );
    expect(decide({}, { chosen: { host: "127.0.0.1", port: 26379 } })).toBe(
      "the chosen replica is no node of this topology",
    );
    expect(decide({}, {}, false)).toBe("spreadDecision is off");
  });
});
