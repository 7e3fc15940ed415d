import { describe, expect, it } from "vitest";
import { longestGap, laneRecord, promotions, secondMasterWrites, tally, throughput } from "./figures.ts";
import type { ScenarioId } from "./scenario.ts";
import { findScenario } from "./scenarios.ts";
import { spread } from "./summary.ts";
import { isOk, verdict, type Evidence } from "./verdict.ts";

const SLO = { writeGapMs: 10_000, lostWrites: 0 };

/** A failover as it should be. */
const WELL: Evidence = {
  completed: true,
  promoted: ["b"],
  promotedUnhealed: [],
  after: { master: "b", epoch: 1 },
  missing: [],
  secondMaster: { writes: 0, nodes: [] },
  nodes: [
    { node: "a", role: "replica", link: "up", missing: 0 },
    { node: "b", role: "master", link: null, missing: 0 },
  ],
  writes: {
    writers: 4,
    acknowledged: 1000,
    failed: {},
    confirmedBy: 0,
    lost: 0,
    lostOnDisk: 0,
    duplicated: 0,
    gapMs: 300,
    gapFromMs: -2,
  },
};

function failing(id: ScenarioId, change: Partial<Evidence> = {}, slo = SLO): string[] {
  const scenario = findScenario(id);
  if (scenario === null) throw new Error(`no scenario ${id}`);
  const checks = verdict(scenario, slo, { ...WELL, ...change });
  const failed = checks.filter((check) => check.ok === false).map((check) => check.id);
  expect(isOk(checks)).toBe(failed.length === 0);
  return failed;
}

const writes = (change: Partial<Evidence["writes"]>) => ({ writes: { ...WELL.writes, ...change } });
const behind = (missing: number | null) => ({
  nodes: WELL.nodes.map((node) => (node.node === "a" ? { ...node, missing } : node)),
});
const lost = (count: number, onDisk = 0) => ({
  ...writes({ lost: count, lostOnDisk: onDisk }),
  nodes: WELL.nodes.map((node) => ({ ...node, missing: count })),
});

describe("the verdict", () => {
  it.each<[what: string, id: ScenarioId, change: Partial<Evidence>, failed: string[]]>([
    ["a clean failover", "kill", {}, []],
    ["no promotion where one is due", "kill", { promoted: [] }, ["promotions"]],
    ["a double failover", "kill", { promoted: ["b", "c"] }, ["promotions"]],
    ["a promotion without a quorum", "quorum-loss", { promotedUnhealed: ["b"] }, ["promotions"]],
    ["none without a quorum", "quorum-loss", { promoted: [] }, []],
    ["one once the Sentinels are back", "quorum-loss", {}, []],
    ["two once they are back", "quorum-loss", { promoted: ["b", "a"] }, ["promotions"]],
    ["one promotion at a full restart", "full-restart", {}, []],
    ["two promotions at a full restart", "full-restart", { promoted: ["b", "a"] }, ["promotions"]],
    ["a long gap", "kill", writes({ gapMs: 10_001 }), ["writeGap"]],
    ["a long gap that is right", "quorum-loss", { promoted: [], ...writes({ gapMs: 60_000 }) }, []],
    ["no write any more", "kill", writes({ gapMs: null }), ["recovered", "writeGap"]],
    ["a step that did not come true", "kill", { completed: false }, ["recovered"]],
    ["no master", "kill", { after: { master: null, epoch: 1 }, nodes: [] }, ["recovered"]],
    ["a lost write", "kill", lost(1), ["lostWrites"]],
    ["writes lost in a partition", "partition", lost(700), []],
    [
      "a confirmed write lost in a partition",
      "partition",
      { ...lost(1), ...writes({ lost: 1, lostOnDisk: 0, confirmedBy: 2 }) },
      ["lostWrites"],
    ],
    [
      "writes that could not be read back",
      "partition",
      writes({ lost: null, lostOnDisk: null }),
      ["lostWrites", "replicas"],
    ],
    ["the last writes before a full restart", "full-restart", lost(5), []],
    ["a write on disk lost by a full restart", "full-restart", lost(5, 1), ["lostWrites"]],
    ["a second master", "kill", { secondMaster: { writes: 1, nodes: ["a"] } }, ["secondMaster"]],
    ["a second master that woke up", "hang", { secondMaster: { writes: 1, nodes: ["a"] } }, []],
    ["a replica that lacks a write", "kill", behind(1), ["replicas"]],
    ["a replica that does not answer", "kill", behind(null), ["replicas"]],
    ["a node that is not back", "kill", { missing: ["a is down"] }, ["whole"]],
  ])("of %s (%s)", (_, id, change, failed) => {
    expect(failing(id, change)).toEqual(failed);
  });

  it("goes by the topology's thresholds", () => {
    expect(failing("kill", writes({ gapMs: 300 }), { writeGapMs: 299, lostWrites: 0 })).toEqual(["writeGap"]);
    expect(failing("kill", lost(3), { writeGapMs: 10_000, lostWrites: 3 })).toEqual([]);
    expect(failing("kill", lost(4), { writeGapMs: 10_000, lostWrites: 3 })).toEqual(["lostWrites"]);
  });
});

describe("figures", () => {
  it.each<[times: number[], faultAt: number, gap: { from: number; ms: number } | null]>([
    [[80, 90, 100, 400, 410], 105, { from: 100, ms: 300 }],
    [[10, 80, 90, 100, 130, 500, 510], 105, { from: 130, ms: 370 }],
    [[90, 400], 105, { from: 90, ms: 310 }],
    [[400, 90], 105, { from: 90, ms: 310 }],
    [[80, 90], 105, null],
    [[], 105, null],
  ])("longest gap of %j after %d", (times, faultAt, gap) => {
    expect(longestGap(times, faultAt)).toEqual(gap);
  });

  const heard = (sentinel: string, at: number, to: string) => ({ sentinel, at, to });
  const took = (node: string, ...times: number[]) => times.map((at) => ({ at, node }));

  it("promotions are those of the Sentinel that heard of the most", () => {
    expect(promotions([], "a", "a")).toEqual([]);
    expect(promotions([], "a", "b")).toEqual(["b"]);
    expect(promotions([heard("1", 5, "b"), heard("2", 6, "b")], "a", "b")).toEqual(["b"]);
    expect(promotions([heard("1", 5, "b"), heard("2", 6, "b"), heard("2", 9, "a")], "a", "a")).toEqual([
      "b",
      "a",
    ]);
  });

  it("a second master is one that takes writes after another has begun", () => {
    expect(secondMasterWrites([...took("a", 1, 2), ...took("b", 3, 4)], [])).toEqual({
      writes: 0,
      nodes: [],
    });
    expect(secondMasterWrites([...took("a", 1, 2, 5, 6), ...took("b", 3, 4, 7)], [])).toEqual({
      writes: 2,
      nodes: ["a"],
    });
    const back = [...took("a", 1, 9, 10), ...took("b", 3, 4)];
    expect(secondMasterWrites(back, [heard("1", 3, "b"), heard("1", 8, "a")])).toEqual({
      writes: 0,
      nodes: [],
    });
    expect(secondMasterWrites(back, [heard("1", 3, "b")])).toEqual({ writes: 2, nodes: ["a"] });
  });

  it("throughput counts every event once", () => {
    const span = { from: 1_000, to: 1_250, zeroAt: 1_100 };
    expect(
      throughput(
        { acknowledged: [1_000, 1_099, 1_100, 1_249], lost: [1_099], failed: [1_200, 2_000] },
        span,
        100,
      ),
    ).toEqual({
      fromMs: -100,
      bucketMs: 100,
      acknowledged: [2, 1, 1],
      lost: [1, 0, 0],
      failed: [0, 0, 1],
    });
  });

  it("lanes reach from change to change, the last one to the end", () => {
    const stretches = [
      { at: 10, state: "master" as const },
      { at: 25, state: "down" as const },
    ];
    expect(laneRecord({ id: "a", kind: "redis" }, stretches, { to: 40, zeroAt: 20 }).stretches).toEqual([
      { fromMs: -10, toMs: 5, state: "master" },
      { fromMs: 5, toMs: 20, state: "down" },
    ]);
  });

  it("reasons are told by how often they were given", () => {
    expect(Object.entries(tally(["x", "y", "y"]))).toEqual([
      ["y", 2],
      ["x", 1],
    ]);
  });

  it.each<[number[], ReturnType<typeof spread>]>([
    [[], null],
    [[3], { median: 3, min: 3, max: 3, runs: 1 }],
    [[9, 1, 4], { median: 4, min: 1, max: 9, runs: 3 }],
    [[9, 1, 4, 2], { median: 3, min: 1, max: 9, runs: 4 }],
  ])("spread of %j", (values, expected) => {
    expect(spread(values)).toEqual(expected);
  });
});
