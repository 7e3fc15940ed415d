import { notApplicable } from "../../src/operations/drill/applicable.ts";
import { drill } from "../../src/operations/drill/drill.ts";
import type { DrillRun } from "../../src/operations/drill/record.ts";
import type { Scenario } from "../../src/operations/drill/scenario.ts";
import { SCENARIOS } from "../../src/operations/drill/scenarios.ts";
import { neededReplicas } from "../../src/topology/durability.ts";
import { LiveCluster } from "./live-cluster.ts";
import { generator } from "./random.ts";

export interface DrillSoak {
  /** How often each scenario was run. */
  runs: Record<string, number>;
  acknowledged: number;
  /** Acknowledged writes that are gone; only scenarios may lose any that say so. */
  lost: Record<string, number>;
}

/** Quick enough for hundreds of faults, and every period in the proportion that rules A and B ask for. */
const QUICK =
  "sentinel: { port: SENTINELS, downAfter: 1500ms, failoverTimeout: 5s, periods: { info: 500ms, publish: 300ms } }";

/**
 * Runs `faults` drills in a row, drawn at random, on one cluster with a steward, and demands of each that it passes.
 *
 * The same seed draws the same scenarios. Throws at the first that fails its own verdict, that leaves the cluster
 * without exactly one master, or that loses a write which was acknowledged under `durability: confirmed`.
 */
export async function soakDrills(options: {
  seed: number;
  faults: number;
  durability: "async" | "confirmed";
  say: (line: string) => void;
}): Promise<DrillSoak> {
  const { seed, faults, durability, say } = options;
  const random = generator(seed);
  const cluster = await LiveCluster.create(
    `redis: { port: BASE }\n${QUICK}\ndurability: ${durability}\nsupervise: { restarts: 1000, window: 60s }`,
  );
  const drawn: string[] = [];
  const result: DrillSoak = { runs: {}, acknowledged: 0, lost: {} };
  try {
    await cluster.up({ steward: true });
    const place = { steward: true, smallDisk: false };
    const runnable = SCENARIOS.filter((each) => notApplicable(each, cluster.topology, place) === null);
    for (let at = 0; at < faults; at++) {
      const scenario = runnable[Math.floor(random() * runnable.length)];
      if (scenario === undefined) throw new Error("no scenario can be run");
      drawn.push(scenario.id);
      const run = await practise(cluster, scenario, at);
      count(result, run);
      say(`${at + 1}/${faults} ${durability} ${scenario.id}: ${story(run)}`);
    }
    return result;
  } catch (error) {
    throw new Error(`replay with SOAK_SEED=${seed}; drills so far: ${drawn.join(", ")}\n${cluster.logs()}`, {
      cause: error,
    });
  } finally {
    await cluster.destroy();
  }
}

async function practise(cluster: LiveCluster, scenario: Scenario, at: number): Promise<DrillRun> {
  const { durability, redis } = cluster.topology;
  await cluster.settled();
  const confirmBy = durability === "confirmed" ? neededReplicas(durability, redis.nodes.length - 1) : 0;
  const never = new AbortController().signal;
  const run = await drill(cluster.ctx, { scenario, run: at, confirmBy }, () => {}, never);
  const failed = run.checks.filter((check) => check.ok === false);
  if (!run.ok) throw new Error(`${scenario.id} failed: ${JSON.stringify(failed)}; ${run.missing.join("; ")}`);
  if (durability === "confirmed" && run.writes.lost !== 0)
    throw new Error(`${scenario.id} lost ${run.writes.lost} confirmed writes`);
  const { nodes } = await cluster.settled();
  const masters = nodes.filter(({ role }) => role === "master");
  if (masters.length !== 1) throw new Error(`${scenario.id} left ${masters.length} masters`);
  return run;
}

function count(result: DrillSoak, { scenario, writes }: DrillRun): void {
  result.runs[scenario] = (result.runs[scenario] ?? 0) + 1;
  result.acknowledged += writes.acknowledged;
  if (writes.lost) result.lost[scenario] = (result.lost[scenario] ?? 0) + writes.lost;
}

function story({ before, after, writes, durationMs, promoted }: DrillRun): string {
  const moved = promoted.length === 0 ? "nobody promoted" : `${before.master} → ${after.master}`;
  return `${moved}, gap ${Math.round(writes.gapMs ?? 0)} ms, ${writes.lost} of ${writes.acknowledged} lost, ${durationMs} ms`;
}
