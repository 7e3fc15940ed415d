import { describe, expect, it } from "vitest";
import { NOW, seedCluster } from "../../test/kit/cluster.ts";
import { pauseWanted, planPause, planResume } from "./plan-pause.ts";

const WISH = { forMs: 1_800_000, reason: "new kernel", by: "ann" };
const { topology, snapshot } = seedCluster();

describe("a pause", () => {
  const first = pauseWanted(snapshot, null, WISH, NOW, "one");

  it("begins now, and remembers what each Sentinel had", () => {
    expect(first).toEqual({
      id: "one",
      by: "ann",
      reason: "new kernel",
      since: NOW,
      until: NOW + 1_800_000,
      previous: { "redis-sentinel-1": 5000, "redis-sentinel-2": 5000, "redis-sentinel-3": 5000 },
    });
  });

  it("is written down and timed before the first Sentinel is told", () => {
    expect(planPause(topology, first)).toEqual([
      { do: "note-pause", record: first },
      { do: "time-pause" },
      { do: "raise-down-after", ms: 1_800_000 },
    ]);
  });

  it("that is extended keeps its beginning and what was there before it", () => {
    const raised = seedCluster().paused().snapshot;
    const more = pauseWanted(raised, first, { ...WISH, by: "bob" }, NOW + 600_000, "two");
    expect(more).toMatchObject({ id: "two", by: "bob", since: NOW, until: NOW + 2_400_000 });
    expect(more.previous).toEqual(first.previous);
    expect(planPause(topology, more)).toContainEqual({ do: "raise-down-after", ms: 2_400_000 });
  });

  it("after one that is over begins anew", () => {
    const later = first.until + 1;
    expect(pauseWanted(snapshot, first, WISH, later, "two").since).toBe(later);
  });

  it("ends in writing first", () => {
    expect(planResume().map((step) => step.do)).toEqual(["cut-pause", "end-pause"]);
  });
});
