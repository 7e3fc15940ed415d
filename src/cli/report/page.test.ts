import { describe, expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import type { DrillRun } from "../../operations/drill/record.ts";
import type { DrillSuite } from "../../operations/drill/suite.ts";
import { summarise } from "../../operations/drill/summary.ts";
import { printDrillRun, printDrillSuite } from "../print/drill.ts";
import { axisOf, ticks, x } from "./axis.ts";
import { turningPoints } from "./events.ts";
import { escapeHtml, html } from "./html.ts";
import { drillReport } from "./page.ts";

const HOSTILE = `<script>alert("x")</script>'&`;

function run(change: Partial<DrillRun> = {}): DrillRun {
  return {
    scenario: "kill",
    ok: true,
    startedAt: 1767323045678,
    durationMs: 4_000,
    before: { master: "redis-master", epoch: 0 },
    after: { master: "redis-slave-2", epoch: 1 },
    promoted: ["redis-slave-2"],
    promotedUnhealed: [],
    marks: {
      detectedMs: null,
      agreedMs: null,
      electedMs: 107,
      promotedMs: 310,
      firstWriteMs: 273,
      switchedMs: 274,
      reconfiguredMs: 276,
      backMs: 2_868,
    },
    writes: {
      writers: 4,
      acknowledged: 1_125,
      failed: { "no master": 98 },
      confirmedBy: 0,
      lost: 0,
      lostOnDisk: 0,
      duplicated: 0,
      gapMs: 277,
      gapFromMs: -4,
    },
    reads: { reads: 229, stale: 1, maxStaleMs: 1_500, unanswered: 13 },
    secondMaster: { writes: 0, nodes: [] },
    nodes: [{ node: "redis-master", role: "replica", link: "up", missing: 0 }],
    checks: [
      {
        id: "lostWrites",
        what: "acknowledged writes lost",
        expected: "none",
        measured: "0 of 1125",
        ok: true,
      },
      {
        id: "secondMaster",
        what: "writes of a second master",
        expected: "not judged: why",
        measured: "3",
        ok: null,
      },
    ],
    missing: [],
    caveat: null,
    events: [
      { ms: 0, node: "redis-master", kind: "fault", text: "killed (SIGKILL)", channel: null },
      { ms: 20, node: "redis-sentinel-1", kind: "sentinel", text: HOSTILE, channel: "+elected-leader" },
      { ms: 30, node: "redis-slave-2", kind: "state", text: "master", channel: null },
      { ms: 31, node: "redis-slave-1", kind: "state", text: "replica", channel: null },
    ],
    throughput: {
      fromMs: -200,
      bucketMs: 100,
      acknowledged: [40, 40, 0, 0, 40],
      lost: [0, 3, 0, 0, 0],
      failed: [0, 0, 9, 9, 0],
    },
    lanes: [
      {
        node: "redis-master",
        kind: "redis",
        stretches: [
          { fromMs: -200, toMs: 0, state: "master" },
          { fromMs: 0, toMs: 300, state: "down" },
        ],
      },
    ],
    ...change,
  };
}

function suite(runs: DrillRun[], skipped: string | null = null): DrillSuite {
  const told = {
    id: "kill" as const,
    title: "The master is killed",
    shows: "A crash.",
    skipped: null,
    failed: null,
  };
  const other = {
    id: "restore" as const,
    title: "Restored",
    shows: "",
    ok: null,
    skipped,
    failed: null,
    runs: [],
  };
  const ok = runs.every((each) => each.ok);
  return {
    cluster: "shop",
    sandbox: false,
    ok,
    startedAt: 1767323045678,
    slo: { writeGapMs: 10_000, lostWrites: 0 },
    scenarios: [
      { ...told, ok, runs, summary: summarise(runs) },
      ...(skipped === null ? [] : [{ ...other, summary: summarise([]) }]),
    ],
  };
}

const names = { topology: seedCluster().topology, voters: new Map() };

describe("html", () => {
  it("escapes what is not HTML itself", () => {
    expect(escapeHtml(HOSTILE)).toBe("&lt;script&gt;alert(&quot;x&quot;)&lt;/script&gt;&#39;&amp;");
    expect(
      html`<p title="${'"'}">${HOSTILE}${html`<b>${1}</b>`}${null}${["<", html`<i></i>`]}</p>`.text,
    ).toBe(`<p title="&quot;">${escapeHtml(HOSTILE)}<b>1</b>&lt;<i></i></p>`);
  });
});

describe("the time axis", () => {
  it.each([
    [-700, 3_200],
    [-1_000, 26_000],
    [-100, 250],
    [-600, 400_000],
  ])("from %d to %d has few round labels, the fault among them", (from, to) => {
    const labels = ticks(axisOf(from, to));
    expect(labels).toContain(0);
    expect(labels.length).toBeGreaterThan(1);
    expect(labels.length).toBeLessThan(13);
  });

  it("keeps everything within the chart", () => {
    const axis = axisOf(0, 1_000);
    expect([x(axis, -5), x(axis, 500), x(axis, 5_000)]).toEqual([128, 516, 904]);
  });
});

describe("a drill's report", () => {
  it("needs nothing from elsewhere and runs nothing", () => {
    const page = drillReport(suite([run()]), names);
    expect(page).not.toMatch(/https?:|src=|@import|url\(|<script|<link|<img/i);
    expect(page).toContain("default-src 'none'");
  });

  it("escapes what Sentinels, nodes and errors say", () => {
    const failed = run({ caveat: HOSTILE, missing: [HOSTILE], promoted: [HOSTILE] });
    const page = drillReport({ ...suite([failed], HOSTILE), cluster: HOSTILE }, names);
    expect(page).not.toContain("<script");
    expect(page.split(escapeHtml(HOSTILE)).length).toBeGreaterThan(5);
  });

  it("says passed and failed, and why something was skipped", () => {
    expect(drillReport(suite([run()]), names)).toContain(">Passed<");
    const page = drillReport(suite([run({ ok: false })], "no backup"), names);
    expect(page).toContain(">Failed<");
    expect(page).toContain("no backup");
  });

  it("has medians and every run of several", () => {
    const page = drillReport(suite([run(), run(), run()]), names);
    expect(page).toContain("3 runs");
    expect(page.split("<svg").length).toBeGreaterThan(3 * 2);
  });

  it("tells the turning points, each once", () => {
    const { events } = run();
    const twice = [...events, ...events.filter((event) => event.kind === "sentinel")];
    expect(turningPoints(twice).map((event) => event.ms)).toEqual([0, 20, 30]);
  });
});

describe("a drill on the terminal", () => {
  it("ends with figures and checks", () => {
    expect(printDrillRun(run({ caveat: "It was logical." }), false)).toMatchInlineSnapshot(`
      "
      WHAT                                           MEASURED
      no write was acknowledged for                    277 ms
      the leading Sentinel saw the new master after    310 ms
      a majority sent clients to it after              274 ms
      it acknowledged the first write after            273 ms
      all other replicas followed it after             276 ms
      the cluster was whole again after                2.87 s
      acknowledged writes lost                              0
      writes applied twice by a retry                       0
      writes taken by a second master                       0
      a replica was behind by at most                  1.50 s

      ✓ acknowledged writes lost: 0 of 1125
      · writes of a second master: 3
          not judged: why

      It was logical.
      "
    `);
  });

  it("of several scenarios and runs ends with medians and an overview", () => {
    const slower = run({ writes: { ...run().writes, gapMs: 1_500 } });
    expect(printDrillSuite(suite([run(), slower], "this version cannot"), false)).toMatchInlineSnapshot(`
      "
      kill, 2 runs
      WHAT                                           MEDIAN   LEAST    MOST  RUNS
      no write was acknowledged for                  889 ms  277 ms  1.50 s     2
      the leading Sentinel saw the new master after  310 ms  310 ms  310 ms     2
      a majority sent clients to it after            274 ms  274 ms  274 ms     2
      it acknowledged the first write after          273 ms  273 ms  273 ms     2
      all other replicas followed it after           276 ms  276 ms  276 ms     2
      the cluster was whole again after              2.87 s  2.87 s  2.87 s     2
      acknowledged writes lost                            0       0       0     2
      writes applied twice by a retry                     0       0       0     2
      writes taken by a second master                     0       0       0     2
      a replica was behind by at most                1.50 s  1.50 s  1.50 s     2

      SCENARIO  VERDICT     GAP  LOST  PROMOTED       WHOLE AFTER
      kill      passed   889 ms     0  redis-slave-2       2.87 s
      restore   skipped       -     -  -                        -

      restore: this version cannot

      shop: 1 of 1 drill passed (write gap at most 10 s, lost writes at most 0)
      "
    `);
  });
});
