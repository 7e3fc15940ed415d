import type { Check, DrillRun } from "../../operations/drill/record.ts";
import { FIGURES, figuresOf } from "../../operations/drill/summary.ts";
import { amount, FIGURE_NAMES } from "../print/drill.ts";
import type { EventNames } from "../print/failover-events.ts";
import { axisOf } from "./axis.ts";
import { timeline } from "./events.ts";
import { html, type Html } from "./html.ts";
import { laneChart } from "./lanes.ts";
import { throughputChart } from "./throughput.ts";

/** Everything about one run: figures, charts, story, checks. */
export function runReport(names: EventNames, run: DrillRun): Html {
  const { fromMs, bucketMs, acknowledged, lost, failed } = run.throughput;
  // The last bucket is not full, and would look like a drop.
  const whole = (counts: number[]) => counts.slice(0, -1);
  const full = {
    ...run.throughput,
    acknowledged: whole(acknowledged),
    lost: whole(lost),
    failed: whole(failed),
  };
  const axis = axisOf(fromMs, fromMs + bucketMs * full.acknowledged.length);
  return html`${tiles(run)} ${run.caveat === null ? null : html`<p class="note">${run.caveat}</p>`}
    <h3>What clients saw</h3>
    <div class="scroll">${throughputChart(full, run.writes, axis)}</div>
    <h3>Who was what</h3>
    <div class="scroll">${laneChart(run, axis)}</div>
    ${timeline(names, run)}
    <h3>Verdict</h3>
    ${checkTable(run.checks)}
    <h3>Figures</h3>
    ${figureTable(run)}
    <h3>Every node at the end</h3>
    ${nodeTable(run)}`;
}

function tiles(run: DrillRun): Html {
  const { writes, marks, promoted, checks } = run;
  const bad = (id: Check["id"]) => (checks.some((each) => each.id === id && each.ok === false) ? " bad" : "");
  const tile = (value: string, label: string, style: string, name = "") =>
    html`<div class="tile${style}"><b class="${name}">${value}</b><span>${label}</span></div>`;
  const gap = writes.gapMs === null ? "no end" : amount("writeGapMs", writes.gapMs);
  const whole = marks.backMs === null ? "not yet" : amount("backMs", marks.backMs);
  return html`<div class="tiles">
    ${tile(gap, "longest time without an acknowledged write", bad("writeGap"))}
    ${tile(`${writes.lost ?? "?"}`, `of ${writes.acknowledged} acknowledged writes lost`, bad("lostWrites"))}
    ${tile(promoted.join(", ") || "nobody", "promoted by the Sentinels", bad("promotions"), "name")}
    ${tile(whole, "until the cluster was whole again", bad("whole"))}
  </div>`;
}

function checkTable(checks: readonly Check[]): Html {
  const rows = checks.map(({ ok, what, measured, expected }) => {
    const [style, mark] = ok === null ? ["told", "·"] : ok ? ["good", "✓"] : ["bad", "✗"];
    return html`<tr>
      <td class="mark ${style ?? ""}">${mark ?? ""}</td>
      <td>${what}</td>
      <td class="expected">${expected}</td>
      <td class="number">${measured}</td>
    </tr>`;
  });
  return html`<div class="scroll">
    <table>
      <tr>
        <th></th>
        <th></th>
        <th>Expected</th>
        <th class="number">Measured</th>
      </tr>
      ${rows}
    </table>
  </div>`;
}

function figureTable(run: DrillRun): Html {
  const figures = figuresOf(run);
  const measured = FIGURES.flatMap((figure): [string, string][] => {
    const value = figures[figure];
    return value === null ? [] : [[FIGURE_NAMES[figure], amount(figure, value)]];
  });
  const { writes, reads, before, after } = run;
  const failed = Object.entries(writes.failed).map(([reason, count]) => `${count} ${reason}`);
  const rows: [string, string][] = [
    ...measured,
    ["config epoch", `${before.epoch ?? "?"} → ${after.epoch ?? "?"}`],
    [`writes acknowledged to ${writes.writers} clients`, String(writes.acknowledged)],
    ["attempts that failed since the fault", failed.join(", ") || "none"],
    ["reads of the newest write, stale ones", `${reads.reads}, ${reads.stale}`],
    ["reads without an answer", String(reads.unanswered)],
  ];
  const cells = rows.map(
    ([name, value]) =>
      html`<tr>
        <td>${name}</td>
        <td class="number">${value}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      ${cells}
    </table>
  </div>`;
}

function nodeTable({ nodes, before }: DrillRun): Html {
  const rows = nodes.map(
    ({ node, role, link, missing }) =>
      html`<tr>
        <td>${node}</td>
        <td>${node === before.master ? "master" : "replica"}</td>
        <td>${role ?? "no answer"}</td>
        <td>${link ?? "–"}</td>
        <td class="number">${missing ?? "?"}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table>
      <tr>
        <th>Node</th>
        <th>Was</th>
        <th>Is</th>
        <th>Link</th>
        <th class="number">Acknowledged writes it lacks</th>
      </tr>
      ${rows}
    </table>
  </div>`;
}
