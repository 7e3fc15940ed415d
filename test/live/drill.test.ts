import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { drill } from "../../src/operations/drill/drill.ts";
import type { DrillEvent, DrillRun } from "../../src/operations/drill/record.ts";
import { findScenario } from "../../src/operations/drill/scenarios.ts";
import type { ScenarioId } from "../../src/operations/drill/scenario.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

/** Without a steward: what holds is held by safe start and Sentinel alone. */
let cluster: LiveCluster;

beforeAll(async () => {
  cluster = await LiveCluster.create();
  await cluster.up();
});
afterAll(async () => cluster?.destroy());

const never = new AbortController().signal;

async function run(id: ScenarioId, confirmBy = 0): Promise<DrillRun> {
  const scenario = findScenario(id);
  if (scenario === null) throw new Error(`no scenario ${id}`);
  const live: DrillEvent[] = [];
  const result = await drill(
    cluster.ctx,
    { scenario, run: 0, confirmBy },
    (event) => live.push(event),
    never,
  );
  console.log(
    id,
    JSON.stringify({ ...result, events: result.events.length, throughput: 0, lanes: 0 }, null, 1),
  );
  return result;
}

describe("drill", () => {
  it.each<ScenarioId>([
    "kill",
    "hang-short",
    "hang",
    "partition",
    "quorum-loss",
    "full-restart",
    "replica-loss",
    "slow-replica",
    "old-master-return",
    "sentinel-loss",
    "stop",
  ])("%s", async (id) => {
    const result = await run(id);
    expect(result.checks.filter((check) => check.ok === false)).toEqual([]);
    await cluster.settled();
  });
});
