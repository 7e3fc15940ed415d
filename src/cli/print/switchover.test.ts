import { stripVTControlCharacters } from "node:util";
import { expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import { planSwitchover } from "../../operations/plan-switchover.ts";
import type { SwitchoverResult } from "../../operations/switchover.ts";
import { printSwitchover, printSwitchoverPlan } from "./switchover.ts";

const golden = (name: string) => new URL(`../../../test/golden/${name}.txt`, import.meta.url).pathname;

const done: SwitchoverResult = {
  cluster: "mymaster",
  from: "redis-master",
  to: "redis-slave-2",
  promoted: "redis-slave-2",
  epoch: 1,
  epochBefore: 0,
  askedAt: 0,
  candidates: [],
  reason: null,
  pausedMs: 205.3,
  offset: 2047,
  demotedAt: 2047,
  lost: 0,
  durationsMs: { caughtUp: 1.2, asked: 2, promoted: 199, spread: 204 },
  totalMs: 1049,
};

it("shows the plan with the cluster before and after", async () => {
  const { topology, snapshot } = seedCluster();
  const plan = planSwitchover(topology, snapshot, "redis-slave-2");
  if (plan === null) throw new Error("no plan");
  await expect(printSwitchoverPlan("mymaster", plan, false)).toMatchFileSnapshot(golden("switchover-plan"));
});

it("shows how long writes waited and that none was lost", async () => {
  await expect(printSwitchover(done, false)).toMatchFileSnapshot(golden("switchover"));
  expect(stripVTControlCharacters(printSwitchover(done, true))).toBe(printSwitchover(done, false));
});

it("does not claim what was not shown", () => {
  const text = printSwitchover({ ...done, lost: null, demotedAt: 2061 }, false);
  expect(text).toContain("from offset 2047 to 2061");
  expect(text).not.toContain("0 acknowledged writes lost");
});
