import { describe, expect, it } from "vitest";
import { parseTopology } from "../../topology/load.ts";
import { seedCluster, cluster } from "../../../test/kit/cluster.ts";
import { notApplicable } from "./applicable.ts";
import { dealParts } from "./cast.ts";
import { peers } from "./cut-off.ts";
import { drillLease, isDrill } from "./lease.ts";
import { findScenario, SCENARIOS } from "./scenarios.ts";
import { spanMs, type ScenarioId } from "./scenario.ts";

const HERE = { steward: true, smallDisk: true };

function whyNot(id: ScenarioId, topology = seedCluster().topology, place = HERE): string | null {
  const scenario = findScenario(id);
  if (scenario === null) throw new Error(`no scenario ${id}`);
  return notApplicable(scenario, topology, place);
}

describe("scenarios", () => {
  it("have names of their own, and make a fault before they wait for anything", () => {
    expect(new Set(SCENARIOS.map(({ id }) => id)).size).toBe(SCENARIOS.length);
    for (const { steps } of SCENARIOS) expect(["await-other-master", "let-pass"]).not.toContain(steps[0]?.do);
  });

  it("expect a promotion exactly where they wait for one", () => {
    for (const { steps, expects, needs } of SCENARIOS.filter((each) => each.steps.length > 0)) {
      const waits = steps.some((step) => step.do === "await-other-master");
      expect(expects.promotions === 1).toBe(waits);
      expect(needs.includes("candidate")).toBe(waits);
    }
  });

  it("freeze for less than down-after where nothing may be promoted", () => {
    const short = findScenario("hang-short")?.steps.find((step) => step.do === "let-pass");
    for (const downAfter of [1_000, 1_500, 5_000, 30_000]) {
      const ms = spanMs(short?.do === "let-pass" ? short.span : { downAfters: 9, ms: 0 }, downAfter);
      expect(ms).toBeGreaterThan(downAfter / 2);
      expect(ms).toBeLessThan(downAfter);
    }
  });

  it("run on the seed's cluster, but for what this version has not", () => {
    const missing = SCENARIOS.filter(({ id }) => whyNot(id) !== null).map(({ id }) => id);
    expect(missing).toEqual(["unplugged", "restore"]);
    const { topology } = parseTopology("runtime: docker\n", "/x/vedette.yaml", "vedette.yaml");
    expect(whyNot("unplugged", topology)).toBeNull();
  });

  it.each<[ScenarioId, RegExp, () => string | null]>([
    [
      "kill",
      /no other node may be promoted/,
      () => whyNot("kill", cluster().master("a").sentinels(3).topology),
    ],
    ["replica-loss", /no replica/, () => whyNot("replica-loss", cluster().master("a").sentinels(3).topology)],
    [
      "sentinel-loss",
      /all 2 Sentinels are needed/,
      () => whyNot("sentinel-loss", cluster().master("a").replica("b").sentinels(2).topology),
    ],
    [
      "quorum-loss",
      /with one Sentinel there is no majority/,
      () => whyNot("quorum-loss", cluster().master("a").replica("b").sentinels(1).topology),
    ],
    [
      "full-restart",
      /no append-only file/,
      () => whyNot("full-restart", cluster().master("a", {}, { appendOnly: false }).sentinels(3).topology),
    ],
    ["steward-loss", /no steward/, () => whyNot("steward-loss", undefined, { ...HERE, steward: false })],
    ["disk-full", /--sandbox/, () => whyNot("disk-full", undefined, { ...HERE, smallDisk: false })],
  ])("%s is skipped where it cannot be run", (_, reason, ask) => {
    expect(ask()).toMatch(reason);
  });
});

describe("parts", () => {
  it("are dealt to nodes that have the role, others in turn", () => {
    const seen = seedCluster();
    const parts = [0, 1, 2, 3].map((run) => dealParts(seen.topology, seen.snapshot, "redis-master", run));
    expect(parts.map((part) => part.replica)).toEqual([
      ["redis-slave-1"],
      ["redis-slave-2"],
      ["redis-slave-3"],
      ["redis-slave-1"],
    ]);
    expect(parts[0]?.quorum).toEqual(["redis-sentinel-1", "redis-sentinel-2"]);
    expect(parts[0]?.everything).toHaveLength(7);
  });
});

describe("the lease of a drill", () => {
  it("is told from that of other operations", () => {
    expect(["test-failover", drillLease("kill")].every(isDrill)).toBe(true);
    expect(
      ["up", "failover of redis-master", "restart of drill", drillLease("switchover")].some(isDrill),
    ).toBe(false);
  });
});

describe("a cut-off", () => {
  it("ends replicas and Sentinels, and no clients", () => {
    const clients = [
      "id=3 addr=127.0.0.1:5 laddr=127.0.0.1:6 fd=8 name= age=2 flags=S db=0 cmd=replconf user=default",
      "id=4 addr=127.0.0.1:7 name=sentinel-0a1b2c3d-cmd age=2 flags=N db=0 cmd=ping",
      "id=5 addr=127.0.0.1:8 name=sentinel-0a1b2c3d-pubsub age=2 flags=P db=0 cmd=subscribe",
      "id=6 addr=127.0.0.1:9 name=shop-sentinel-cmd age=2 flags=N db=0 cmd=set",
      "id=7 addr=127.0.0.1:10 name= age=2 flags=N db=0 cmd=get",
      "",
    ];
    expect(peers(clients.join("\r\n"))).toEqual(["3", "4", "5"]);
  });
});
