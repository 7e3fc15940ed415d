import { writeFileSync } from "node:fs";
import { UsageError, VedetteError } from "../../errors.ts";
import type { Context } from "../../operations/context.ts";
import type { Scenario } from "../../operations/drill/scenario.ts";
import { findScenario, SCENARIOS } from "../../operations/drill/scenarios.ts";
import { runDrills, type DrillSuite, type SuiteEvents } from "../../operations/drill/suite.ts";
import { votersOf } from "../../operations/test-failover.ts";
import { neededReplicas } from "../../topology/durability.ts";
import type { Topology } from "../../topology/model.ts";
import type { Invocation } from "../command.ts";
import { interruptible } from "../interrupt.ts";
import { confirm, confirmByName, json, type Io } from "../io.ts";
import { open } from "../open.ts";
import type { Options } from "../options.ts";
import { drillSuiteJson } from "../print/drill-json.ts";
import { printDrillEvent } from "../print/drill-events.ts";
import { printDrillRun, printDrillSuite, printDrillTitle, printScenarios } from "../print/drill.ts";
import type { EventNames } from "../print/failover-events.ts";
import { startSandbox } from "../sandbox.ts";

export async function run({ io, args, options }: Invocation): Promise<number> {
  if (options.list === true) return list(io, options);
  const scenarios = readScenarios(args[0]);
  const runs = readRuns(options.runs);
  // Progress goes to stderr: it does not disturb JSON on stdout.
  const ctx = open(io, { ...options, json: false });
  if (options.sandbox !== true && !(await agreed(io, ctx.topology, scenarios, options.yes === true))) {
    io.note("nothing was touched");
    return 1;
  }
  const signal = interruptible(io, `practising on ${ctx.topology.name}`);
  const suite = await practise(io, ctx, { scenarios, runs, options }, signal);
  return suite.ok ? 0 : 1;
}

interface Wish {
  scenarios: readonly Scenario[];
  runs: number;
  options: Options;
}

async function practise(io: Io, ctx: Context, wish: Wish, signal: AbortSignal): Promise<DrillSuite> {
  if (wish.options.sandbox !== true) {
    const steward = (await ctx.runtime.steward()).running;
    return onStage(io, ctx, wish, { steward, smallDisk: false }, signal);
  }
  const smallDisk = wish.scenarios.some((each) => each.needs.includes("small-disk"));
  io.note(`starting a throw-away copy of ${ctx.topology.name}`);
  const sandbox = await startSandbox(ctx.topology, { smallDisk }, ctx.report);
  try {
    signal.throwIfAborted();
    return await onStage(io, sandbox.ctx, wish, { steward: true, smallDisk: sandbox.smallDisk }, signal);
  } finally {
    await sandbox.end();
  }
}

async function onStage(
  io: Io,
  ctx: Context,
  { scenarios, runs, options }: Wish,
  place: { steward: boolean; smallDisk: boolean },
  signal: AbortSignal,
): Promise<DrillSuite> {
  const names: EventNames = { topology: ctx.topology, voters: await votersOf(ctx) };
  const sandbox = options.sandbox === true;
  const wish = { scenarios, runs, place, sandbox, confirmBy: confirmBy(ctx.topology) };
  const suite = await runDrills(ctx, wish, screen(io, names, runs, options), signal);
  if (options.json === "-") json(io, drillSuiteJson(suite));
  else io.out(printDrillSuite(suite, io.colour));
  await save(io, suite, names, options);
  return suite;
}

/** With confirmed durability a write counts once a majority of the nodes has it: WAIT says so. */
function confirmBy({ durability, redis }: Topology): number {
  return durability === "confirmed" ? neededReplicas(durability, redis.nodes.length - 1) : 0;
}

/** The live timeline, and after each run its table. */
function screen(io: Io, names: EventNames, runs: number, { json: target }: Options): SuiteEvents {
  const result = (text: string) => (target === "-" ? io.note(text) : io.out(text));
  return {
    begins: (scenario, run) => io.note(printDrillTitle(scenario, run, runs, io.colour)),
    skips: ({ id }, why) => io.note(`\ndrill ${id}: skipped: ${why}`),
    event: (event) => io.note(printDrillEvent(names, event, io.colour)),
    ends: (_, run) => result(printDrillRun(run, io.colour)),
    fails: ({ id }, why) => io.note(`drill ${id}: ${why}`),
  };
}

/** Writes the files that were asked for. What was measured has been printed by then. */
async function save(io: Io, suite: DrillSuite, names: EventNames, { json: target, report }: Options) {
  const write = (file: string, text: string) => {
    try {
      writeFileSync(file, text);
    } catch (cause) {
      throw new VedetteError(`writing ${file}`, { cause, next: "name a file in a directory that exists" });
    }
    io.note(`wrote ${file}`);
  };
  if (typeof target === "string" && target !== "-")
    write(target, `${JSON.stringify(drillSuiteJson(suite), null, 2)}\n`);
  if (report === undefined) return;
  const { drillReport } = await import("../report/page.ts");
  write(report, drillReport(suite, names));
}

async function agreed(
  io: Io,
  { name, production }: Topology,
  scenarios: readonly Scenario[],
  yes: boolean,
): Promise<boolean> {
  const what = scenarios.length === 1 ? `drill ${scenarios[0]?.id ?? ""}` : `${scenarios.length} drills`;
  if (!production) return confirm(io, yes, `Run ${what} on ${name}? Its clients will notice.`);
  // A word in a script cannot be meant for this cluster and this day: --yes does not do here.
  if (!io.interactive) {
    throw new UsageError(`${what} on ${name}: it is marked as production, and its name must be typed`, {
      next: "type the command at a terminal, or practise on a throw-away copy with --sandbox; nothing was touched",
    });
  }
  return confirmByName(io, false, `${name} is marked as production, and ${what} makes it fail.`, name);
}

function list(io: Io, { json: target }: Options): number {
  const scenarios = SCENARIOS.map(({ id, title, shows, alert }) => ({ id, title, shows, alert }));
  if (target === undefined) io.out(printScenarios(SCENARIOS, io.colour));
  else json(io, { schema: 1, scenarios });
  return 0;
}

function readScenarios(name: string | undefined): readonly Scenario[] {
  if (name === "all") return SCENARIOS;
  const found = name === undefined ? null : findScenario(name);
  if (found !== null) return [found];
  const known = SCENARIOS.map(({ id }) => id).join(", ");
  const said = name === undefined ? "which one?" : `there is none called ${name}`;
  throw new UsageError(`choosing a drill: ${said}`, {
    next: `one of ${known}, or all; vedette drill --list`,
  });
}

function readRuns(text: string | undefined): number {
  const runs = Number(text ?? 1);
  if (Number.isInteger(runs) && runs >= 1 && runs <= 1_000) return runs;
  throw new UsageError(`reading --runs ${text ?? ""}: it is a whole number from 1 to 1000`);
}
