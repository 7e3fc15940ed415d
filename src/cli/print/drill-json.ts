import type { DrillSuite } from "../../operations/drill/suite.ts";

/** What `vedette drill --json` gives: see docs/json-output.md. */
export function drillSuiteJson(suite: DrillSuite) {
  return {
    schema: 1,
    ...suite,
    startedAt: new Date(suite.startedAt).toISOString(),
    scenarios: suite.scenarios.map((scenario) => ({
      ...scenario,
      runs: scenario.runs.map((run) => ({ ...run, startedAt: new Date(run.startedAt).toISOString() })),
    })),
  };
}
