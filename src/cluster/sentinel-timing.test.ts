import { describe, expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import type { SentinelPeriods, Topology } from "../topology/model.ts";
import { findings } from "./findings.ts";
import { timingSteps, type TimingSeen, type TimingStep } from "./sentinel-timing.ts";

const STOCK: SentinelPeriods = { ping: 1000, info: 10_000, ask: 1000, publish: 2000, tilt: 30_000 };
const FAST: SentinelPeriods = { ping: 250, info: 500, ask: 250, publish: 500, tilt: 5000 };

const standard = seedCluster().topology.sentinel;
const fast = { ...standard, downAfterMs: 1000, startDownAfterMs: 1500, periods: FAST };

const downAfter = (ms: number): TimingStep => ({ set: "down-after", ms });
const periods = (wanted: SentinelPeriods): TimingStep => ({ set: "periods", periods: wanted });

describe("what to set on a Sentinel", () => {
  const cases: [string, Topology["sentinel"], TimingSeen, TimingStep[]][] = [
    ["nothing when all is as it should be", standard, { downAfterMs: 5000, periods: STOCK }, []],
    ["nothing when all is fast", fast, { downAfterMs: 1000, periods: FAST }, []],
    [
      "the periods first, after a start, and no lower down-after yet",
      fast,
      { downAfterMs: 1500, periods: STOCK },
      [periods(FAST)],
    ],
    [
      "the lower down-after only when the periods are confirmed",
      fast,
      { downAfterMs: 1500, periods: FAST },
      [downAfter(1000)],
    ],
    [
      "a higher down-after before periods that have drifted",
      fast,
      { downAfterMs: 1000, periods: STOCK },
      [downAfter(1500), periods(FAST)],
    ],
    [
      "no higher down-after when only a period has drifted that rule A does not know",
      fast,
      { downAfterMs: 1000, periods: { ...FAST, info: 10_000 } },
      [periods(FAST)],
    ],
    [
      "a higher down-after before longer periods that are wanted now",
      { ...standard, downAfterMs: 2500, startDownAfterMs: 2500, periods: { ...STOCK, ping: 2000 } },
      { downAfterMs: 1000, periods: FAST },
      [downAfter(2500), periods({ ...STOCK, ping: 2000 })],
    ],
    [
      "a down-after that was set by hand",
      standard,
      { downAfterMs: 60_000, periods: STOCK },
      [downAfter(5000)],
    ],
    ["nothing on one that does not watch our master", fast, { downAfterMs: null, periods: STOCK }, []],
    ["nothing on an old one with the wanted down-after", standard, { downAfterMs: 5000, periods: null }, []],
    ["nothing on an old one that can go no lower", fast, { downAfterMs: 1500, periods: null }, []],
    ["a safe down-after on an old one", fast, { downAfterMs: 1000, periods: null }, [downAfter(1500)]],
  ];
  it.each(cases)("is %s", (_, wanted, seen, steps) => {
    expect(timingSteps(wanted, seen)).toEqual(steps);
  });

  it("ends, whatever it starts from, and never breaks rule A on its way", () => {
    const pings = [50, 250, 1000, 3000];
    const wishes = [standard, fast, { ...fast, periods: { ...FAST, ping: 800 } }];
    for (const wanted of wishes)
      for (const ping of pings)
        for (const ms of [100, 1000, 1500, 5000]) {
          const now = { downAfterMs: ms, periods: { ...FAST, ping } };
          let safe = ms >= ping + 200;
          let rounds = 0;
          for (let steps = timingSteps(wanted, now); steps.length > 0; steps = timingSteps(wanted, now)) {
            expect(++rounds).toBeLessThanOrEqual(3);
            for (const step of steps) {
              if (step.set === "periods") now.periods = step.periods;
              else now.downAfterMs = step.ms;
              // Once safe it stays safe, and the first step makes it so.
              safe = now.downAfterMs >= now.periods.ping + 200;
              expect(safe).toBe(true);
            }
          }
          expect(now).toEqual({ downAfterMs: wanted.downAfterMs, periods: wanted.periods });
        }
  });
});

describe("the finding", () => {
  const judge = (wanted: Topology["sentinel"], seen: Partial<TimingSeen>, operation?: string) => {
    const built = seedCluster();
    if (operation !== undefined) built.operation(operation);
    const { topology, snapshot } = built;
    for (const each of snapshot.sentinels)
      Object.assign(each, { periods: wanted.periods, downAfterMs: wanted.downAfterMs });
    Object.assign(snapshot.sentinels[1] ?? {}, seen);
    return findings({ ...topology, sentinel: { ...wanted, nodes: topology.sentinel.nodes } }, snapshot)
      .filter(({ code }) => code === "SENTINEL_TIMING")
      .map(({ message }) => message);
  };

  it("names what differs", () => {
    expect(judge(fast, { downAfterMs: 1500, periods: { ...FAST, ping: 1000 } })).toEqual([
      "redis-sentinel-2 runs with down-after 1.5s (expected 1s) and ping period 1s (expected 250ms)",
    ]);
  });

  it("says why an old Sentinel cannot be fast", () => {
    expect(judge(fast, { downAfterMs: 1500, periods: null })).toEqual([
      "redis-sentinel-2 has no SENTINEL DEBUG, so its ping period stays 1s and its down-after 1.5s, expected 1s",
    ]);
  });

  it.each([
    ["all is as it should be", fast, {}, undefined],
    ["an old Sentinel has the standard profile", standard, { periods: null }, undefined],
    ["an operation has set other periods", fast, { periods: STOCK }, "test-failover"],
    ["a Sentinel does not watch our master", fast, { downAfterMs: null, periods: STOCK }, undefined],
  ])("is absent when %s", (_, wanted, seen, operation) => {
    expect(judge(wanted, seen, operation)).toEqual([]);
  });
});
