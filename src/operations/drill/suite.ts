import { explain, VedetteError } from "../../errors.ts";
import type { Topology } from "../../topology/model.ts";
import type { Context } from "../context.ts";
import { appendHistory, historyFile } from "../history.ts";
import { notApplicable, type Place } from "./applicable.ts";
import { drill } from "./drill.ts";
import type { DrillEvent, DrillRun } from "./record.ts";
import type { Scenario, ScenarioId } from "./scenario.ts";
import { figuresOf, summarise, type Summary } from "./summary.ts";
import { proveHealth } from "./trial.ts";

/** One scenario with all its runs. */
export interface ScenarioResult {
  id: ScenarioId;
  title: string;
  shows: string;
  /** Null when it was skipped: then `skipped` says why. */
  ok: boolean | null;
  skipped: string | null;
  /** Why a run could not be brought to its end. */
  failed: string | null;
  runs: DrillRun[];
  summary: Summary;
}

export interface DrillSuite {
  cluster: string;
  sandbox: boolean;
  ok: boolean;
  /** Wall clock ms. */
  startedAt: number;
  slo: Topology["slo"];
  scenarios: ScenarioResult[];
}

export interface SuiteWish {
  scenarios: readonly Scenario[];
  runs: number;
  place: Place;
  sandbox: boolean;
  confirmBy: number;
}

/** Told as it goes. */
export interface SuiteEvents {
  begins(scenario: Scenario, run: number): void;
  skips(scenario: Scenario, why: string): void;
  event(event: DrillEvent): void;
  ends(scenario: Scenario, run: DrillRun): void;
  fails(scenario: Scenario, why: string): void;
}

/** After a run that failed: how long the cluster may take to be whole before the next one begins: ms. */
const HEALED_WITHIN_MS = 60_000;

/**
 * Runs scenarios one after the other. One that fails does not keep the others from running, as long as the cluster is
 * whole again. Throws when `signal` aborts; every fault is taken back by then.
 */
export async function runDrills(
  ctx: Context,
  wish: SuiteWish,
  events: SuiteEvents,
  signal: AbortSignal,
): Promise<DrillSuite> {
  const startedAt = ctx.clock.now();
  const scenarios: ScenarioResult[] = [];
  let unwell: string | null = null;
  for (const scenario of wish.scenarios) {
    const skipped: string | null = unwell ?? notApplicable(scenario, ctx.topology, wish.place);
    if (skipped !== null) {
      events.skips(scenario, skipped);
      scenarios.push(result(scenario, [], { skipped, failed: null, ok: unwell === null ? null : false }));
      continue;
    }
    const { runs, failed } = await runAll(ctx, scenario, wish, events, signal);
    const ok = failed === null && runs.every((run) => run.ok);
    scenarios.push(result(scenario, runs, { skipped: null, failed, ok }));
    if (!ok) unwell = await stillUnwell(ctx, scenario);
  }
  const ok = scenarios.every((each) => each.ok !== false);
  const { name: cluster, slo } = ctx.topology;
  return { cluster, sandbox: wish.sandbox, ok, startedAt, slo, scenarios };
}

async function runAll(
  ctx: Context,
  scenario: Scenario,
  { runs: count, confirmBy }: SuiteWish,
  events: SuiteEvents,
  signal: AbortSignal,
): Promise<{ runs: DrillRun[]; failed: string | null }> {
  const runs: DrillRun[] = [];
  for (let run = 0; run < count; run++) {
    events.begins(scenario, run);
    try {
      const done = await drill(ctx, { scenario, run, confirmBy }, (event) => events.event(event), signal);
      runs.push(done);
      remember(ctx, done);
      events.ends(scenario, done);
    } catch (error) {
      if (signal.aborted || !(error instanceof VedetteError)) throw error;
      const failed = explain(error);
      events.fails(scenario, failed);
      return { runs, failed };
    }
  }
  return { runs, failed: null };
}

async function stillUnwell(ctx: Context, { id }: Scenario): Promise<string | null> {
  try {
    await proveHealth(ctx, `after ${id}`, HEALED_WITHIN_MS);
    return null;
  } catch (error) {
    return `not run, for the cluster is not whole ${explain(error)}`;
  }
}

function result(
  { id, title, shows }: Scenario,
  runs: DrillRun[],
  end: Pick<ScenarioResult, "ok" | "skipped" | "failed">,
): ScenarioResult {
  return { id, title, shows, ...end, runs, summary: summarise(runs) };
}

/** Writes a run into the history. */
function remember(ctx: Context, run: DrillRun): void {
  const durations = Object.entries(figuresOf(run)).flatMap(([name, ms]): [string, number][] =>
    ms !== null && name.endsWith("Ms") ? [[name.replace(/Ms$/, ""), ms]] : [],
  );
  const { lost, acknowledged } = run.writes;
  const verdict = run.ok ? "passed" : "FAILED";
  appendHistory(historyFile(ctx.topology), {
    time: ctx.clock.now(),
    kind: "drill",
    from: run.before.master,
    to: run.after.master,
    epoch: run.after.epoch,
    cause: `${run.scenario}: ${verdict}, ${lost ?? "unknown"} of ${acknowledged} acknowledged writes lost`,
    durationsMs: Object.fromEntries(durations),
    by: `vedette drill ${run.scenario}`,
  });
}
