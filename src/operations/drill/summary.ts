import type { DrillRun } from "./record.ts";

/** A figure over several runs. */
export interface Spread {
  median: number;
  min: number;
  max: number;
  /** Runs that have it. */
  runs: number;
}

export const FIGURES = [
  "writeGapMs",
  "detectedMs",
  "promotedMs",
  "switchedMs",
  "firstWriteMs",
  "reconfiguredMs",
  "backMs",
  "lost",
  "duplicated",
  "secondMasterWrites",
  "maxStaleMs",
] as const;

export type Figure = (typeof FIGURES)[number];
export type Summary = Record<Figure, Spread | null>;

/** What one run says of each figure; null for what did not happen. */
export function figuresOf({ writes, marks, secondMaster, reads }: DrillRun): Record<Figure, number | null> {
  return {
    writeGapMs: writes.gapMs,
    detectedMs: marks.detectedMs,
    promotedMs: marks.promotedMs,
    switchedMs: marks.switchedMs,
    firstWriteMs: marks.firstWriteMs,
    reconfiguredMs: marks.reconfiguredMs,
    backMs: marks.backMs,
    lost: writes.lost,
    duplicated: writes.duplicated,
    secondMasterWrites: secondMaster.writes,
    maxStaleMs: reads.maxStaleMs,
  };
}

/** Medians and ranges over all runs of a scenario. */
export function summarise(runs: readonly DrillRun[]): Summary {
  const each = runs.map(figuresOf);
  const spreadOf = (figure: Figure) =>
    spread(each.flatMap((figures) => (figures[figure] === null ? [] : [figures[figure]])));
  return {
    writeGapMs: spreadOf("writeGapMs"),
    detectedMs: spreadOf("detectedMs"),
    promotedMs: spreadOf("promotedMs"),
    switchedMs: spreadOf("switchedMs"),
    firstWriteMs: spreadOf("firstWriteMs"),
    reconfiguredMs: spreadOf("reconfiguredMs"),
    backMs: spreadOf("backMs"),
    lost: spreadOf("lost"),
    duplicated: spreadOf("duplicated"),
    secondMasterWrites: spreadOf("secondMasterWrites"),
    maxStaleMs: spreadOf("maxStaleMs"),
  };
}

export function spread(values: readonly number[]): Spread | null {
  const sorted = values.toSorted((a, b) => a - b);
  const [min] = sorted;
  const max = sorted.at(-1);
  if (min === undefined || max === undefined) return null;
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? max;
  const lower = sorted.length % 2 === 1 ? upper : (sorted[half - 1] ?? min);
  return { median: Math.round(((lower + upper) / 2) * 10) / 10, min, max, runs: sorted.length };
}
