import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { VedetteError } from "../../src/errors.ts";
import { drill } from "../../src/operations/drill/drill.ts";
import type { DrillEvent, DrillRun } from "../../src/operations/drill/record.ts";
import { findScenario, SCENARIOS } from "../../src/operations/drill/scenarios.ts";
import type { Scenario, ScenarioId } from "../../src/operations/drill/scenario.ts";
import { runDrills } from "../../src/operations/drill/suite.ts";
import { historyFile, readHistory } from "../../src/operations/history.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

/** A cluster with a password and without a steward: what holds is held by safe start and Sentinel alone. */
const secrets = mkdtempSync(join(tmpdir(), "vedette-secret-"));
let cluster: LiveCluster;

beforeAll(async () => {
  const file = join(secrets, "password");
  writeFileSync(file, "a-password-of-its-own", { mode: 0o600 });
  const yaml = [
    `security: { passwordFile: "${file}" }`,
    "redis: { port: BASE }",
    "sentinel: { port: SENTINELS, downAfter: 1500ms, failoverTimeout: 4s, periods: { info: 500ms } }",
  ];
  cluster = await LiveCluster.create(yaml.join("\n"));
  await cluster.up();
});

afterAll(async () => {
  await cluster?.destroy();
  rmSync(secrets, { recursive: true, force: true });
});

beforeEach(async () => {
  await cluster.settled();
  await cluster.call(await cluster.master(), "SET", "user:1", "kept");
});

const never = new AbortController().signal;

function named(id: ScenarioId): Scenario {
  const scenario = findScenario(id);
  if (scenario === null) throw new Error(`no scenario ${id}`);
  return scenario;
}

async function practise(id: ScenarioId, confirmBy = 0): Promise<DrillRun> {
  const told: DrillEvent[] = [];
  const wish = { scenario: named(id), run: 0, confirmBy };
  const run = await drill(cluster.ctx, wish, (event) => told.push(event), never);
  expect(run.events.length).toBeGreaterThanOrEqual(told.length);
  expect(told.some((event) => event.kind === "fault")).toBe(true);
  return run;
}

/** Nothing of a drill is left: no keys, lease, hold or frozen process, and the user's data is there. */
async function expectNothingLeft(): Promise<void> {
  const snapshot = await cluster.settled();
  expect(snapshot.operation).toBeNull();
  for (const process of await cluster.runtime.inspect()) {
    expect(readFileSync(`/proc/${process.pid}/status`, "utf8")).not.toMatch(/^State:\s+T/m);
    expect(existsSync(cluster.runtime.paths.hold(process.node))).toBe(false);
  }
  for (const node of cluster.redis()) {
    await cluster.eventually(`${node} has the user's keys only`, (seen) =>
      seen.nodes.every((each) => each.keys?.["db0"] === 1),
    );
    expect(await cluster.call(node, "GET", "user:1")).toBe("kept");
  }
}

describe("a drill", () => {
  const runnable = SCENARIOS.filter(
    ({ needs }) =>
      !needs.some((need) => ["steward", "small-disk", "network", "restorable-backup"].includes(need)),
  );

  it.each(runnable.map(({ id }) => id))("of %s ends as the scenario expects", async (id) => {
    const { expects } = named(id);
    const run = await practise(id);
    expect(run.checks.filter((check) => check.ok === false)).toEqual([]);
    expect(run.ok).toBe(true);
    if (typeof expects.promotions === "number") expect(run.promoted).toHaveLength(expects.promotions);
    expect(run.after.master).toBe(run.promoted.at(-1) ?? run.before.master);
    expect(run.writes.acknowledged).toBeGreaterThan(240);
    expect(run.reads.reads).toBeGreaterThan(20);
    const charted = run.throughput.acknowledged.reduce((sum, each) => sum + each, 0);
    expect(charted).toBeLessThanOrEqual(run.writes.acknowledged);
    expect(charted).toBeGreaterThan(run.writes.acknowledged * 0.8);
    expect(run.lanes.map((lane) => lane.node)).toEqual([...cluster.redis(), ...cluster.sentinels()]);
    await expectNothingLeft();
  });

  it("sees that a cut-off master loses what it acknowledges, and that confirmed writes survive", async () => {
    const asynchronous = await practise("partition");
    expect(asynchronous.writes.lost).toBeGreaterThan(0);
    expect(asynchronous.caveat).toMatch(/logical/);
    const confirmed = await practise("partition", 2);
    expect(confirmed.writes).toMatchObject({ confirmedBy: 2, lost: 0 });
    expect(confirmed.writes.failed["unconfirmed"]).toBeGreaterThan(0);
    expect(confirmed.ok).toBe(true);
    await expectNothingLeft();
  });

  it("fails when a threshold of the topology is missed", async () => {
    const { topology } = cluster.ctx;
    const ctx = { ...cluster.ctx, topology: { ...topology, slo: { writeGapMs: 1, lostWrites: 0 } } };
    const run = await drill(ctx, { scenario: named("kill"), run: 0, confirmBy: 0 }, () => {}, never);
    expect(run.ok).toBe(false);
    expect(run.checks.filter((check) => check.ok === false).map((check) => check.id)).toEqual(["writeGap"]);
  });
});

describe("a drill that is cut short", () => {
  it.each<ScenarioId>(["kill", "hang", "partition", "quorum-loss", "full-restart", "slow-replica"])(
    "heals what it has done (%s)",
    async (id) => {
      const end = new AbortController();
      const wish = { scenario: named(id), run: 0, confirmBy: 0 };
      const cut = () => end.abort(new VedetteError("enough"));
      await expect(drill(cluster.ctx, wish, cut, end.signal)).rejects.toThrow(/enough|not whole/);
      await cluster.hurry();
      await expectNothingLeft();
    },
  );

  it("touches nothing when the cluster is not whole", async () => {
    const master = await cluster.master();
    const [replica = ""] = cluster.redis().filter((node) => node !== master);
    await cluster.call(replica, "CONFIG", "SET", "replica-priority", "0");
    try {
      const pids = JSON.stringify((await cluster.runtime.inspect()).map((each) => each.pid));
      await expect(
        drill(cluster.ctx, { scenario: named("kill"), run: 0, confirmBy: 0 }, () => {}, never),
      ).rejects.toThrow(new RegExp(`nothing was touched\n.*${replica} may not be promoted`));
      expect(JSON.stringify((await cluster.runtime.inspect()).map((each) => each.pid))).toBe(pids);
    } finally {
      await cluster.call(replica, "CONFIG", "SET", "replica-priority", "100");
    }
  });

  it("writes nothing where it could push out a user's key", async () => {
    const master = await cluster.master();
    await cluster.call(master, "CONFIG", "SET", "maxmemory", "3mb");
    try {
      await expect(
        drill(cluster.ctx, { scenario: named("kill"), run: 0, confirmBy: 0 }, () => {}, never),
      ).rejects.toThrow(/would evict keys of others; nothing was written/);
    } finally {
      await cluster.call(master, "CONFIG", "SET", "maxmemory", "256mb");
    }
  });
});

describe("several drills", () => {
  it("go on after one that failed, skip what cannot be run, and are remembered", async () => {
    const skipped: string[] = [];
    const slo = { writeGapMs: 200, lostWrites: 0 };
    const ctx = { ...cluster.ctx, topology: { ...cluster.ctx.topology, slo } };
    const suite = await runDrills(
      ctx,
      {
        scenarios: ["kill", "steward-loss", "replica-loss"].map((id) => named(id as ScenarioId)),
        runs: 2,
        place: { steward: false, smallDisk: false },
        sandbox: false,
        confirmBy: 0,
      },
      {
        begins: () => {},
        skips: ({ id }, why) => skipped.push(`${id}: ${why}`),
        event: () => {},
        ends: () => {},
        fails: (_, why) => {
          throw new Error(why);
        },
      },
      never,
    );
    expect(suite.ok).toBe(false);
    expect(suite.scenarios.map(({ id, ok, runs }) => [id, ok, runs.length])).toEqual([
      ["kill", false, 2],
      ["steward-loss", null, 0],
      ["replica-loss", true, 2],
    ]);
    expect(skipped).toEqual(["steward-loss: no steward runs that could be killed"]);
    expect(suite.scenarios[0]?.summary.writeGapMs).toMatchObject({ runs: 2 });
    const told = readHistory(historyFile(cluster.topology)).filter((event) => event.kind === "drill");
    expect(told.slice(-4).map((event) => event.by)).toEqual([
      "vedette drill kill",
      "vedette drill kill",
      "vedette drill replica-loss",
      "vedette drill replica-loss",
    ]);
    expect(told.at(-4)?.cause).toMatch(/^kill: FAILED, 0 of \d+ acknowledged writes lost$/);
    expect(told.at(-4)?.durationsMs?.["writeGap"]).toBeGreaterThan(200);
  });
});
