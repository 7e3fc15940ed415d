import { describe, expect, it } from "vitest";
import { decideRestart, pauseAfter, type RestartFacts } from "./restart-policy.ts";

function facts(overrides: Partial<RestartFacts> = {}): RestartFacts {
  return {
    now: 100_000,
    endedAt: 100_000,
    restarts: [],
    limit: { restarts: 5, windowMs: 60_000 },
    named: false,
    promotable: true,
    decisionMs: 25_000,
    ...overrides,
  };
}

describe("decideRestart", () => {
  it("restarts a replica or Sentinel at once the first time", () => {
    expect(decideRestart(facts())).toEqual({ do: "restart" });
  });

  it("waits longer after each restart", () => {
    expect([0, 1, 2, 3, 4, 9].map(pauseAfter)).toEqual([0, 500, 1000, 2000, 4000, 30_000]);
    const twice = { restarts: [90_000, 95_000] };
    expect(decideRestart(facts({ ...twice, endedAt: 99_500 })).do).toBe("wait");
    expect(decideRestart(facts({ ...twice, endedAt: 99_000 })).do).toBe("restart");
  });

  it("gives a node up that ended too often within the window, and only within it", () => {
    const restarts = [50_000, 60_000, 70_000, 80_000, 90_000];
    expect(decideRestart(facts({ restarts, endedAt: 0 }))).toEqual({
      do: "give-up",
      why: "it ended 6 times within 60 s",
    });
    expect(decideRestart(facts({ restarts: [30_000, ...restarts.slice(1)], endedAt: 0 })).do).toBe("restart");
  });

  it("leaves a dead master to the Sentinels while a replica could be promoted", () => {
    expect(decideRestart(facts({ named: true, endedAt: 80_000 })).do).toBe("wait");
  });

  it("restarts a dead master when no replica can be promoted", () => {
    expect(decideRestart(facts({ named: true, promotable: false }))).toEqual({ do: "restart" });
  });

  it("restarts a dead master when the Sentinels did not decide in time", () => {
    expect(decideRestart(facts({ named: true, endedAt: 75_000 }))).toEqual({ do: "restart" });
  });
});
