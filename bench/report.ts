import { met, type Figure, type Target, type Unit } from "./figures.ts";

const HEAD = ["Bench", "What", "Vedette", "Compared with", "Ratio", "Target", "Met"];

/** A table for Markdown, or for a terminal. */
export function table(figures: readonly Figure[], markdown: boolean): string {
  const rows = [HEAD, ...figures.map(row)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0)));
  const line = (cells: readonly string[]) => cells.map((cell, column) => cell.padEnd(widths[column] ?? 0));
  const [head = [], ...body] = rows.map(line);
  const rule = widths.map((width) => "-".repeat(width));
  const join = (cells: readonly string[]) =>
    markdown ? `| ${cells.join(" | ")} |` : cells.join("  ").trimEnd();
  return [head, rule, ...body].map(join).join("\n");
}

function row(figure: Figure): string[] {
  const { bench, what, unit, ours, other, ratio, targets } = figure;
  const isMet = met(figure);
  return [
    bench,
    what,
    amount(ours, unit),
    other === null ? "" : `${amount(other.value, unit)} (${other.what})`,
    ratio === null || !Number.isFinite(ratio) ? "" : ratio.toFixed(2),
    targets.map((target) => wish(target, unit)).join(", "),
    isMet === null ? "" : isMet ? "yes" : "NO",
  ];
}

function wish({ of, at, value }: Target, unit: Unit): string {
  return `${at === "most" ? "≤" : "≥"} ${of === "ratio" ? `${value}×` : amount(value, unit)}`;
}

function amount(value: number, unit: Unit): string {
  const whole = ["ms", "requests/s", "writes", "turns", "in all"].includes(unit);
  const digits = whole ? 0 : unit === "MB" ? 1 : 2;
  return `${value.toFixed(digits)} ${unit}`;
}
