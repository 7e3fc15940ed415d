import { html, type Html } from "./html.ts";

/** The time axis that all charts of a run share. Lengths are SVG units. */
export interface Axis {
  fromMs: number;
  toMs: number;
  left: number;
  width: number;
}

/** Of every chart; phones scroll it sideways, so that its text stays readable. */
export const CHART_WIDTH = 920;
/** For the names of the nodes. */
export const LEFT = 128;
const RIGHT = 16;

const STEPS_MS = [100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 60_000, 120_000, 300_000];
const MOST_TICKS = 10;

export function axisOf(fromMs: number, toMs: number): Axis {
  return { fromMs, toMs: Math.max(toMs, fromMs + 1), left: LEFT, width: CHART_WIDTH - LEFT - RIGHT };
}

/** Where a moment is, kept within the chart. */
export function x({ fromMs, toMs, left, width }: Axis, ms: number): number {
  const share = (Math.min(toMs, Math.max(fromMs, ms)) - fromMs) / (toMs - fromMs);
  return round(left + share * width);
}

/** Round moments to label, the fault (0) among them. */
export function ticks({ fromMs, toMs }: Axis): number[] {
  const step = STEPS_MS.find((each) => (toMs - fromMs) / each <= MOST_TICKS) ?? 600_000;
  const first = Math.ceil(fromMs / step);
  const last = Math.floor(toMs / step);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Grid lines from `top` to `bottom`, with the times below. */
export function timeGrid(axis: Axis, top: number, bottom: number, labels: boolean): Html[] {
  return ticks(axis).map((ms) => {
    const at = x(axis, ms);
    const label = labels
      ? html`<text class="tick" x="${at}" y="${bottom + 16}" text-anchor="middle">${seconds(ms)}</text>`
      : null;
    return html`<line class="grid" x1="${at}" x2="${at}" y1="${top}" y2="${bottom}" />${label}`;
  });
}

function seconds(ms: number): string {
  if (ms === 0) return "fault";
  const text = (ms / 1_000).toFixed(ms % 1_000 === 0 ? 0 : 1);
  return `${ms > 0 ? "+" : "−"}${text.replace("-", "")} s`;
}

export function round(value: number): number {
  return Math.round(value * 10) / 10;
}
