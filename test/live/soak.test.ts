import { expect, it } from "vitest";
import { soakDrills } from "../kit/drill-soak.ts";
import { soak } from "../kit/soak.ts";

// One minute of `make soak`, always the same: seed 1 kills every kind of process within its first faults.
it("survives a seeded minute of random kills", { timeout: 300_000 }, async () => {
  const result = await soak({ seed: 1, minutes: 1, say: () => {} });
  expect(result.faults.length).toBeGreaterThan(4);
  expect(result.confirmed).toBeGreaterThan(100);
});

// The same for `make soak SOAK_FAULTS=200`.
it("passes seeded drills in a row without losing a confirmed write", { timeout: 300_000 }, async () => {
  const result = await soakDrills({ seed: 1, faults: 4, durability: "confirmed", say: () => {} });
  expect(Object.values(result.runs).reduce((sum, runs) => sum + runs, 0)).toBe(4);
  expect(result.lost).toEqual({});
});
