import type { Topology } from "../../topology/model.ts";
import type { Check, DrillRun } from "./record.ts";
import type { Judged, Scenario } from "./scenario.ts";

/** What the verdict is drawn from. */
export type Evidence = Pick<
  DrillRun,
  "promoted" | "promotedUnhealed" | "writes" | "secondMaster" | "nodes" | "missing" | "after"
> & {
  /** Every step of the scenario came to its end: what it waits for came true. */
  completed: boolean;
};

/** Every check of a run, judged and told ones. */
export function verdict(scenario: Scenario, slo: Topology["slo"], seen: Evidence): Check[] {
  const { expects } = scenario;
  return [
    recovered(seen),
    promoted(scenario, seen),
    writeGap(slo, expects.writeGap, seen),
    lostWrites(scenario, slo, seen),
    secondMaster(expects.secondMaster, seen),
    replicas(seen),
    whole(seen),
  ];
}

/** A run is well when nothing that is judged failed. */
export function isOk(checks: readonly Check[]): boolean {
  return checks.every((check) => check.ok !== false);
}

function recovered({ completed, writes, after }: Evidence): Check {
  const ok = completed && writes.gapMs !== null && after.master !== null;
  const why = completed ? "no write was acknowledged any more" : "what the scenario waits for did not happen";
  return {
    id: "recovered",
    what: "the cluster takes writes again",
    expected: "yes",
    measured: ok ? "yes" : `no: ${why}`,
    ok,
  };
}

function promoted({ expects }: Scenario, { promoted: names, promotedUnhealed }: Evidence): Check {
  const { promotions } = expects;
  const check = {
    id: "promotions",
    what: "nodes promoted",
    measured: names.length === 0 ? "none" : `${names.length} (${names.join(", ")})`,
  } as const;
  if (promotions === null) return { ...check, expected: "at most 1", ok: names.length <= 1 };
  if (promotions === "healed") {
    const expected = "none before the Sentinels are back, then at most 1";
    return { ...check, expected, ok: promotedUnhealed.length === 0 && names.length <= 1 };
  }
  return { ...check, expected: promotions === 0 ? "none" : "exactly 1", ok: names.length === promotions };
}

function writeGap(slo: Topology["slo"], judged: Judged, { writes }: Evidence): Check {
  const { gapMs } = writes;
  return {
    id: "writeGap",
    what: "longest time without an acknowledged write",
    expected: judged.judge ? `at most ${seconds(slo.writeGapMs)}` : `not judged: ${judged.told}`,
    measured: gapMs === null ? "no write came through" : seconds(gapMs),
    ok: judged.judge ? gapMs !== null && gapMs <= slo.writeGapMs : null,
  };
}

function lostWrites({ expects }: Scenario, slo: Topology["slo"], { writes }: Evidence): Check {
  const { lost, lostOnDisk, acknowledged, confirmedBy } = writes;
  const check = { id: "lostWrites", what: "acknowledged writes lost" } as const;
  if (lost === null || lostOnDisk === null)
    return { ...check, expected: atMost(slo.lostWrites), measured: "they could not be read back", ok: false };
  const measured = `${lost} of ${acknowledged}`;
  // What a majority has confirmed must survive whatever the scenario is.
  if (confirmedBy > 0) return { ...check, expected: "none: all were confirmed", measured, ok: lost === 0 };
  const judged = expects.lostWrites;
  if (judged.judge === "on disk") {
    const expected = `${atMost(slo.lostWrites)} of those that were on disk`;
    return {
      ...check,
      expected,
      measured: `${lostOnDisk} (${measured} of all)`,
      ok: lostOnDisk <= slo.lostWrites,
    };
  }
  if (!judged.judge) return { ...check, expected: `not judged: ${judged.told}`, measured, ok: null };
  return { ...check, expected: atMost(slo.lostWrites), measured, ok: lost <= slo.lostWrites };
}

function secondMaster(judged: Judged, { secondMaster: { writes, nodes } }: Evidence): Check {
  return {
    id: "secondMaster",
    what: "writes taken by a second master",
    expected: judged.judge ? "none" : `not judged: ${judged.told}`,
    measured: writes === 0 ? "none" : `${writes} (${nodes.join(", ")})`,
    ok: judged.judge ? writes === 0 : null,
  };
}

function replicas({ nodes, after, writes }: Evidence): Check {
  const behind = nodes.filter(({ node, missing }) => node !== after.master && missing !== writes.lost);
  return {
    id: "replicas",
    what: "replicas that differ from the master",
    expected: "none",
    measured: behind.length === 0 ? "none" : behind.map((each) => each.node).join(", "),
    ok: behind.length === 0,
  };
}

function whole({ missing }: Evidence): Check {
  return {
    id: "whole",
    what: "the cluster is whole again",
    expected: "yes",
    measured: missing.length === 0 ? "yes" : missing.join("; "),
    ok: missing.length === 0,
  };
}

function atMost(count: number): string {
  return count === 0 ? "none" : `at most ${count}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
