import type { Check, DrillRun } from "../../operations/drill/record.ts";
import type { Scenario } from "../../operations/drill/scenario.ts";
import type { DrillSuite, ScenarioResult } from "../../operations/drill/suite.ts";
import { FIGURES, figuresOf, type Figure, type Spread } from "../../operations/drill/summary.ts";
import type { Colours } from "./colours.ts";
import { coloursFor } from "./colours.ts";
import { table, WIDTH, wrap } from "./table.ts";

/** What each figure is called, on screens and in reports. */
export const FIGURE_NAMES: Record<Figure, string> = {
  writeGapMs: "no write was acknowledged for",
  detectedMs: "a Sentinel held the master for down after",
  promotedMs: "the leading Sentinel saw the new master after",
  switchedMs: "a majority sent clients to it after",
  firstWriteMs: "it acknowledged the first write after",
  reconfiguredMs: "all other replicas followed it after",
  backMs: "the cluster was whole again after",
  lost: "acknowledged writes lost",
  duplicated: "writes applied twice by a retry",
  secondMasterWrites: "writes taken by a second master",
  maxStaleMs: "a replica was behind by at most",
};

/** `vedette drill --list`. */
export function printScenarios(scenarios: readonly Scenario[], colour: boolean): string {
  const colours = coloursFor(colour);
  const width = Math.max(...scenarios.map(({ id }) => id.length));
  const lines = scenarios.flatMap(({ id, title, shows }) => [
    `${colours.bold(id.padEnd(width))}  ${title}`,
    ...wrap(shows, WIDTH - width - 2).map((line) => `${" ".repeat(width)}  ${colours.dim(line)}`),
  ]);
  return `${lines.join("\n")}\n`;
}

/** What begins a run's timeline. */
export function printDrillTitle({ id, title }: Scenario, run: number, runs: number, colour: boolean): string {
  const colours = coloursFor(colour);
  const which = runs > 1 ? `, run ${run + 1} of ${runs}` : "";
  return `\n${colours.bold(`drill ${id}${which}`)}: ${title}`;
}

/** Verdict and figures of one run. */
export function printDrillRun(run: DrillRun, colour: boolean): string {
  const colours = coloursFor(colour);
  const figures = figuresOf(run);
  const rows = FIGURES.flatMap((figure) => {
    const value = figures[figure];
    return value === null ? [] : [[FIGURE_NAMES[figure], amount(figure, value)]];
  });
  return [
    "",
    ...table([{ title: "WHAT" }, { title: "MEASURED", align: "right" }], rows),
    "",
    ...checks(run.checks, colours),
    ...(run.caveat === null ? [] : ["", ...wrap(run.caveat, WIDTH).map((line) => colours.dim(line))]),
    "",
  ].join("\n");
}

/** The screen that a drill ends with: medians of several runs, and an overview of several scenarios. */
export function printDrillSuite(suite: DrillSuite, colour: boolean): string {
  const colours = coloursFor(colour);
  const several = suite.scenarios.filter((each) => each.runs.length > 1);
  const medians = several.flatMap((each) => spreads(each, colours));
  const overview = suite.scenarios.length > 1 ? ["", ...overviewOf(suite, colours)] : [];
  return [...medians, ...overview, "", verdictOf(suite, colours), ""].join("\n");
}

function checks(all: readonly Check[], colours: Colours): string[] {
  return all.flatMap(({ ok, what, measured, expected }) => {
    const mark = ok === null ? colours.dim("·") : ok ? colours.green("✓") : colours.red("✗");
    const line = `${mark} ${what}: ${ok === false ? colours.red(measured) : measured}`;
    if (ok === true) return [line];
    return [line, ...wrap(expected, WIDTH - 4).map((text) => `    ${colours.dim(text)}`)];
  });
}

function spreads({ id, summary, runs }: ScenarioResult, colours: Colours): string[] {
  const rows = FIGURES.flatMap((figure) => {
    const spread = summary[figure];
    return spread === null ? [] : [[FIGURE_NAMES[figure], ...cells(figure, spread)]];
  });
  const right = (title: string) => ({ title, align: "right" as const });
  const columns = [{ title: "WHAT" }, right("MEDIAN"), right("LEAST"), right("MOST"), right("RUNS")];
  return ["", colours.bold(`${id}, ${runs.length} runs`), ...table(columns, rows)];
}

function cells(figure: Figure, { median, min, max, runs }: Spread): string[] {
  return [amount(figure, median), amount(figure, min), amount(figure, max), String(runs)];
}

function overviewOf({ scenarios }: DrillSuite, colours: Colours): string[] {
  const columns = [
    { title: "SCENARIO" },
    { title: "VERDICT" },
    { title: "GAP", align: "right" as const },
    { title: "LOST", align: "right" as const },
    { title: "PROMOTED" },
    { title: "WHOLE AFTER", align: "right" as const },
  ];
  const rows = scenarios.map((each) => [
    each.id,
    word(each, colours),
    median("writeGapMs", each),
    median("lost", each),
    [...new Set(each.runs.flatMap((run) => run.promoted))].join(" ") || "-",
    median("backMs", each),
  ]);
  const skipped = scenarios.flatMap(({ id, skipped: why, failed }) => {
    const text = failed ?? why;
    return text === null ? [] : [colours.dim(`${id}: ${text}`)];
  });
  return [...table(columns, rows), ...(skipped.length === 0 ? [] : ["", ...skipped])];
}

function median(figure: Figure, { summary }: ScenarioResult): string {
  const spread = summary[figure];
  return spread === null ? "-" : amount(figure, spread.median);
}

function word({ ok, skipped }: ScenarioResult, colours: Colours): string {
  if (skipped !== null && ok === null) return colours.dim("skipped");
  return ok ? colours.green("passed") : colours.red("FAILED");
}

function verdictOf({ scenarios, ok, cluster, slo }: DrillSuite, colours: Colours): string {
  const run = scenarios.filter((each) => each.ok !== null);
  const passed = run.filter((each) => each.ok).length;
  const against = `write gap at most ${slo.writeGapMs / 1000} s, lost writes at most ${slo.lostWrites}`;
  const text = `${cluster}: ${passed} of ${run.length} ${run.length === 1 ? "drill" : "drills"} passed (${against})`;
  return ok ? colours.green(text) : colours.red(text);
}

/** A figure with its unit: figures that end with `Ms` are durations. */
export function amount(figure: Figure, value: number): string {
  if (!figure.endsWith("Ms")) return String(value);
  return value < 1_000 ? `${Math.round(value)} ms` : `${(value / 1_000).toFixed(2)} s`;
}
