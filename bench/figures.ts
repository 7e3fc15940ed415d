/** One measured figure: ours, what it is compared with in the same run, and what it should be. */
export interface Figure {
  bench: string;
  what: string;
  unit: Unit;
  /** The median of `samples`. */
  ours: number;
  samples: number[];
  /** The alternative, measured in turns with ours. */
  other: { what: string; value: number; samples: number[] } | null;
  /** The median of the ratios of each turn, ours to the other: noise that lasts longer than a turn cancels out. */
  ratio: number | null;
  targets: Target[];
}

export type Unit = "ms" | "in all" | "requests/s" | "MB" | "% of a core" | "writes" | "turns";

export interface Target {
  of: "ours" | "ratio";
  at: "most" | "least";
  value: number;
}

export function figure(
  bench: string,
  what: string,
  unit: Unit,
  samples: number[],
  more: { other?: { what: string; samples: number[] }; targets?: Target[] } = {},
): Figure {
  const { other, targets = [] } = more;
  return {
    bench,
    what,
    unit,
    ours: median(samples),
    samples,
    other: other === undefined ? null : { ...other, value: median(other.samples) },
    ratio:
      other === undefined ? null : median(samples.map((ours, turn) => ours / (other.samples[turn] ?? NaN))),
    targets,
  };
}

/** Null when the figure has no target. */
export function met(figure: Figure): boolean | null {
  if (figure.targets.length === 0) return null;
  return figure.targets.every(({ of, at, value }) => {
    const measured = (of === "ours" ? figure.ours : figure.ratio) ?? NaN;
    return at === "most" ? measured <= value : measured >= value;
  });
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1] ?? NaN, sorted[middle] ?? NaN];
  return sorted.length % 2 === 1 ? high : (low + high) / 2;
}
