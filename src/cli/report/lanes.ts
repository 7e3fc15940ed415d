import type { DrillRun, LaneRecord, LaneState } from "../../operations/drill/record.ts";
import { CHART_WIDTH, round, timeGrid, x, type Axis } from "./axis.ts";
import { html, type Html } from "./html.ts";

const TOP = 8;
const LANE = 26;
const BAR = 16;

const NAMES: Record<LaneState, string> = {
  master: "master, takes writes",
  refusing: "master, refuses writes",
  replica: "replica in sync",
  unlinked: "replica without its master",
  watching: "Sentinel watching",
  loading: "reading its data",
  locked: "locked",
  silent: "no answer",
  down: "down",
};

/** What every node was from moment to moment: one lane each, one colour a role. */
export function laneChart({ lanes }: DrillRun, axis: Axis): Html {
  const bottom = TOP + lanes.length * LANE;
  const zero = x(axis, 0);
  return html`<svg
      class="chart"
      viewBox="0 0 ${CHART_WIDTH} ${bottom + 24}"
      role="img"
      aria-label="Roles over time"
    >
      ${timeGrid(axis, TOP, bottom, true)} ${lanes.map((lane, at) => laneOf(lane, axis, TOP + at * LANE))}
      <line class="fault" x1="${zero}" x2="${zero}" y1="${TOP}" y2="${bottom}" />
    </svg>
    ${legend(lanes)}`;
}

function laneOf({ node, stretches }: LaneRecord, axis: Axis, y: number): Html {
  const bars = stretches
    .filter(({ toMs }) => toMs > axis.fromMs)
    .map(({ fromMs, toMs, state }) => {
      const from = x(axis, fromMs);
      const width = Math.max(1, round(x(axis, toMs) - from));
      const told = `${node}: ${NAMES[state]}, ${at(fromMs)} to ${at(toMs)}`;
      return html`<rect class="lane ${state}" x="${from}" y="${y + 4}" width="${width}" height="${BAR}" rx="2"
        ><title>${told}</title></rect
      >`;
    });
  return html`<text class="label" x="0" y="${y + 17}">${node}</text>${bars}`;
}

function legend(lanes: readonly LaneRecord[]): Html {
  const used = new Set(lanes.flatMap((lane) => lane.stretches.map((each) => each.state)));
  const entries = Object.entries(NAMES).filter(([state]) => [...used].some((each) => each === state));
  return html`<ul class="legend">
    ${entries.map(
      ([state, name]) =>
        html`<li>
          <svg viewBox="0 0 14 14"><rect class="lane ${state}" width="14" height="14" rx="2" /></svg>${name}
        </li>`,
    )}
  </ul>`;
}

function at(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}
