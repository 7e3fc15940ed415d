import type { DrillSuite, ScenarioResult } from "../../operations/drill/suite.ts";
import { FIGURES } from "../../operations/drill/summary.ts";
import { amount, FIGURE_NAMES } from "../print/drill.ts";
import type { EventNames } from "../print/failover-events.ts";
import { localStamp } from "../print/text.ts";
import { VERSION } from "../version.ts";
import { html, trusted, type Html } from "./html.ts";
import { runReport } from "./run.ts";
import { STYLE } from "./style.ts";

/** A drill's report as one HTML file that needs nothing else: no script, no font, no picture from elsewhere. */
export function drillReport(suite: DrillSuite, names: EventNames): string {
  const { cluster, scenarios } = suite;
  const told = scenarios.filter((each) => each.runs.length > 0 || each.failed !== null);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'" />
        <title>${cluster}: drill report</title>
        <style>
          ${trusted(STYLE)}
        </style>
      </head>
      <body>
        <main>
          ${header(suite)} ${scenarios.length > 1 ? overview(suite) : null}
          ${told.map((each) => section(each, names, scenarios.length > 1))}
          <footer>Made by Vedette ${VERSION}. Times on the charts are seconds since the first fault.</footer>
        </main>
      </body>
    </html> `;
  return page.text;
}

function header({ cluster, ok, startedAt, scenarios, sandbox, slo }: DrillSuite): Html {
  const ran = scenarios.filter((each) => each.ok !== null);
  const passed = ran.filter((each) => each.ok).length;
  const what = scenarios.length === 1 ? "" : `${ran.length} practised failures · `;
  const verdict = ran.length > 1 ? `${passed} of ${ran.length} passed` : ok ? "Passed" : "Failed";
  return html`<header>
    <div>
      <p class="over">Drill report${sandbox ? ", on a throw-away copy of the cluster" : ""}</p>
      <h1>${cluster}</h1>
      <p class="meta">
        ${what}${localStamp(startedAt).slice(0, 16)} · write gap at most ${slo.writeGapMs / 1_000} s, lost
        writes at most ${slo.lostWrites}
      </p>
    </div>
    <span class="badge large ${ok ? "good" : "bad"}">${verdict}</span>
  </header>`;
}

function overview({ scenarios }: DrillSuite): Html {
  const rows = scenarios.map((each) => {
    const name = each.runs.length > 0 ? html`<a href="#${each.id}">${each.title}</a>` : html`${each.title}`;
    const why = each.failed ?? each.skipped ?? unjudgedLoss(each);
    const promoted = [...new Set(each.runs.flatMap((run) => run.promoted))].join(", ");
    return html`<tr>
      <td>${name}${why === null ? null : html`<small>${why}</small>`}</td>
      <td>${badge(each)}</td>
      <td class="number">${median("writeGapMs", each)}</td>
      <td class="number">${median("lost", each)}</td>
      <td class="wide">${promoted || "–"}</td>
      <td class="number">${median("backMs", each)}</td>
    </tr>`;
  });
  return html`<section class="card">
    <div class="top"><h2>Overview</h2></div>
    ${scenarios.some((each) => each.runs.length > 1) ? html`<p class="soft">Figures are medians.</p>` : null}
    <div class="scroll">
      <table>
        <tr>
          <th>Failure</th>
          <th>Verdict</th>
          <th class="number">Write gap</th>
          <th class="number">Lost</th>
          <th class="wide">Promoted</th>
          <th class="number">Whole after</th>
        </tr>
        ${rows}
      </table>
    </div>
  </section>`;
}

/** A passed drill with lost writes must say why that is no failure. */
function unjudgedLoss({ runs }: ScenarioResult): string | null {
  const checks = runs.filter((run) => run.writes.lost !== 0).flatMap((run) => run.checks);
  const told = checks.find((check) => check.id === "lostWrites" && check.ok === null);
  return told === undefined ? null : `lost writes are ${told.expected}`;
}

function section(result: ScenarioResult, names: EventNames, several: boolean): Html {
  const [first, ...others] = result.runs;
  return html`<section class="card" id="${result.id}">
    <div class="top">
      <div>
        <p class="over"><code>${result.id}</code></p>
        <h2>${result.title}</h2>
      </div>
      ${several ? badge(result) : null}
    </div>
    <p>${result.shows}</p>
    ${result.failed === null ? null : html`<p class="note">${result.failed}</p>`}
    ${result.runs.length > 1 ? medians(result) : null} ${first === undefined ? null : runReport(names, first)}
    ${others.map(
      (run, at) =>
        html`<details>
          <summary>Run ${at + 2} of ${result.runs.length}</summary>
          ${runReport(names, run)}
        </details>`,
    )}
  </section>`;
}

function medians({ summary, runs }: ScenarioResult): Html {
  const rows = FIGURES.flatMap((figure) => {
    const spread = summary[figure];
    if (spread === null) return [];
    const cells = [spread.median, spread.min, spread.max].map(
      (value) => html`<td class="number">${amount(figure, value)}</td>`,
    );
    return [
      html`<tr>
        <td>${FIGURE_NAMES[figure]}</td>
        ${cells}
      </tr>`,
    ];
  });
  return html`<h3>${runs.length} runs</h3>
    <div class="scroll">
      <table>
        <tr>
          <th></th>
          <th class="number">Median</th>
          <th class="number">Least</th>
          <th class="number">Most</th>
        </tr>
        ${rows}
      </table>
    </div>`;
}

function badge({ ok, skipped }: ScenarioResult): Html {
  if (ok === null && skipped !== null) return html`<span class="badge">skipped</span>`;
  return ok ? html`<span class="badge good">passed</span>` : html`<span class="badge bad">failed</span>`;
}

function median(figure: "writeGapMs" | "lost" | "backMs", { summary }: ScenarioResult): string {
  const spread = summary[figure];
  return spread === null ? "–" : amount(figure, spread.median);
}
