import type { Throughput, WriteFigures } from "../../operations/drill/record.ts";
import { CHART_WIDTH, round, timeGrid, x, type Axis } from "./axis.ts";
import { html, type Html } from "./html.ts";

const TOP = 26;
const UP = 120;
const DOWN = 46;
const ZERO = TOP + UP;
const HEIGHT = ZERO + DOWN + 24;
/** A gap that is shorter says nothing: ms. */
const WORTH_SHADING_MS = 150;

/** Acknowledged writes a second upwards, with those that were lost later; failed attempts downwards; and the longest time without any. */
export function throughputChart(throughput: Throughput, writes: WriteFigures, axis: Axis): Html {
  const perSecond = 1_000 / throughput.bucketMs;
  const most = nice(Math.max(1, ...throughput.acknowledged) * perSecond);
  const mostFailed = nice(Math.max(1, ...throughput.failed) * perSecond);
  const { gapMs, gapFromMs } = writes;
  const shaded =
    gapMs === null || gapFromMs === null || gapMs < WORTH_SHADING_MS
      ? null
      : gap(axis, gapFromMs, gapFromMs + gapMs);
  const zero = x(axis, 0);
  const upwards = (count: number) => ZERO - (count * perSecond * UP) / most;
  const lost = throughput.lost.some((count) => count > 0);
  return html`<svg
      class="chart"
      viewBox="0 0 ${CHART_WIDTH} ${HEIGHT}"
      role="img"
      aria-label="Writes over time"
    >
      ${timeGrid(axis, TOP, ZERO + DOWN, true)} ${shaded}
      <path class="acknowledged" d="${area(throughput, throughput.acknowledged, axis, upwards)}" />
      ${lost ? html`<path class="lost" d="${area(throughput, throughput.lost, axis, upwards)}" />` : null}
      <path
        class="failed"
        d="${area(throughput, throughput.failed, axis, (n) => ZERO + (n * perSecond * DOWN) / mostFailed)}"
      />
      <line class="base" x1="${axis.left}" x2="${axis.left + axis.width}" y1="${ZERO}" y2="${ZERO}" />
      <line class="fault" x1="${zero}" x2="${zero}" y1="${TOP - 6}" y2="${ZERO + DOWN}" />
      <text class="label" x="0" y="${TOP + 8}">acknowledged</text>
      <text class="label soft" x="0" y="${TOP + 24}">writes a second</text>
      <text class="tick" x="${axis.left - 6}" y="${TOP + 5}" text-anchor="end">${most}</text>
      <text class="tick" x="${axis.left - 6}" y="${ZERO + 4}" text-anchor="end">0</text>
      <text class="label" x="0" y="${ZERO + 26}">refused, failed</text>
      <text class="tick" x="${axis.left - 6}" y="${ZERO + DOWN}" text-anchor="end">${mostFailed}</text>
    </svg>
    ${lost ? LEGEND : null}`;
}

const LEGEND = html`<ul class="legend">
  <li>
    <svg viewBox="0 0 14 14"><rect class="acknowledged" width="14" height="14" rx="2" /></svg>acknowledged and
    kept
  </li>
  <li>
    <svg viewBox="0 0 14 14"><rect class="lost" width="14" height="14" rx="2" /></svg>acknowledged and lost
  </li>
</ul>`;

function gap(axis: Axis, fromMs: number, toMs: number): Html {
  const from = x(axis, fromMs);
  const to = x(axis, toMs);
  const text = `no write for ${((toMs - fromMs) / 1_000).toFixed(2)} s`;
  // Beside a gap that is too narrow for it the text would run out of the picture at its right end.
  const middle = Math.min(Math.max((from + to) / 2, axis.left + 60), axis.left + axis.width - 60);
  return html`<rect
      class="gap"
      x="${from}"
      y="${TOP}"
      width="${Math.max(1, round(to - from))}"
      height="${UP}"
    />
    <text class="gap-label" x="${round(middle)}" y="${TOP - 8}" text-anchor="middle">${text}</text>`;
}

/** A filled outline of steps, one a bucket. */
function area(
  { fromMs, bucketMs }: Throughput,
  counts: readonly number[],
  axis: Axis,
  y: (count: number) => number,
): string {
  const points = counts.map((count, i) => {
    const from = x(axis, fromMs + i * bucketMs);
    const to = x(axis, fromMs + (i + 1) * bucketMs);
    return `L${from} ${round(y(count))}L${to} ${round(y(count))}`;
  });
  const end = x(axis, fromMs + counts.length * bucketMs);
  return `M${x(axis, fromMs)} ${ZERO}${points.join("")}L${end} ${ZERO}Z`;
}

/** The next round number: 1, 2 or 5 times a power of ten. */
function nice(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  return [1, 2, 5, 10].map((each) => each * power).find((each) => each >= value) ?? value;
}
