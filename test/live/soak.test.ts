import { expect, it } from "vitest";
import { soak } from "../kit/soak.ts";

// One minute of `make soak`, always the same: seed 1 kills every kind of process within its first faults.
it("survives a seeded minute of random kills", { timeout: 300_000 }, async () => {
  const result = await soak({ seed: 1, minutes: 1, say: () => {} });
  expect(result.faults.length).toBeGreaterThan(4);
  expect(result.confirmed).toBeGreaterThan(100);
});
