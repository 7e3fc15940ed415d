import { describe, expect, it } from "vitest";
import { cluster, seedCluster } from "../../test/kit/cluster.ts";
import { VedetteError } from "../errors.ts";
import type { Records } from "../runtimes/records.ts";
import type { Topology } from "../topology/model.ts";
import { planUp, type UpFacts } from "./plan-up.ts";
import type { Step } from "./steps.ts";

const MASTER = { host: "127.0.0.1", port: 6379 };

function records(topology: Topology, known: boolean): Records {
  return {
    redis: topology.redis.nodes.map(({ id }, at) => ({
      node: id,
      known,
      follows: at === 0 || !known ? null : MASTER,
      hasData: known,
      dataId: null,
      epoch: 0,
    })),
    sentinels: topology.sentinel.nodes.map(({ id }) => ({
      node: id,
      known,
      master: known ? MASTER : null,
      epoch: 0,
    })),
    positions: null,
  };
}

function plan(topology: Topology, facts: Partial<UpFacts> = {}): Step[] {
  const all = [...topology.sentinel.nodes, ...topology.redis.nodes];
  const stopped = all.map(({ id }) => process(id, "stopped"));
  const nothing: UpFacts = {
    processes: stopped,
    records: records(topology, false),
    changed: [],
    steward: true,
    force: null,
    strangers: [],
  };
  return planUp(topology, { ...nothing, ...facts });
}

function process(node: string, state: "running" | "waiting" | "stopped") {
  const pid = state === "stopped" ? null : 7;
  return { node, state, pid, startedAt: null, reason: null, wanted: true, gaveUp: false };
}

/** `start redis-master`, `start redis-master by force`, `await settled` … */
function short(step: Step): string {
  if (step.do === "start") return `start ${step.node}${step.force ? " by force" : ""}`;
  if (step.do === "await") return `await ${step.condition}`;
  return "node" in step ? `${step.do} ${step.node}` : step.do;
}

const { topology } = seedCluster();

describe("a first start", () => {
  it("makes all configurations, then starts Sentinels, then nodes, the master first", () => {
    const steps = plan(topology);
    const nodes = ["redis-master", "redis-slave-1", "redis-slave-2", "redis-slave-3"];
    const sentinels = ["redis-sentinel-1", "redis-sentinel-2", "redis-sentinel-3"];
    expect(steps.map(short)).toEqual([
      "claim-state",
      ...[...sentinels, ...nodes].map((id) => `prepare ${id}`),
      "want",
      ...sentinels.map((id) => `start ${id}`),
      "start-steward",
      "await sentinels-answer",
      "hurry-sentinels",
      ...nodes.map((id) => `start ${id}`),
      "await settled",
      "set-periods",
      "set-down-after",
    ]);
    expect(steps.find((step) => step.do === "want")).toMatchObject({
      nodes: [...sentinels, ...nodes],
      up: true,
    });
    expect(steps.find((step) => step.do === "prepare")).toMatchObject({
      first: { master: MASTER, epoch: 0 },
    });
  });

  it("works with one node and one Sentinel", () => {
    const small = cluster().master("redis-master").sentinels(1).topology;
    const starts = plan(small)
      .filter((step) => step.do === "start")
      .map(short);
    expect(starts).toEqual(["start redis-sentinel-1", "start redis-master"]);
  });

  it("leaves the steward out when told to", () => {
    expect(plan(topology, { steward: false }).map(short)).not.toContain("start-steward");
  });
});

describe("on a running cluster", () => {
  const all = [...topology.sentinel.nodes, ...topology.redis.nodes].map(({ id }) => id);
  const running = (except: Record<string, "waiting" | "stopped"> = {}) =>
    all.map((id) => process(id, except[id] ?? "running"));
  const known = records(topology, true);

  it("starts only what is missing", () => {
    const steps = plan(topology, { records: known, processes: running({ "redis-slave-2": "stopped" }) });
    expect(steps.map(short).filter((each) => /^(start|prepare) /.test(each))).toEqual([
      "prepare redis-slave-2",
      "start redis-slave-2",
    ]);
  });

  it("starts the master that the Sentinels name first", () => {
    const named = { host: "127.0.0.1", port: 6381 };
    const after: Records = {
      ...known,
      sentinels: known.sentinels.map((each) => ({ ...each, master: named, epoch: 1 })),
    };
    const steps = plan(topology, { records: after });
    expect(steps.filter((step) => step.do === "start").map(short)[3]).toBe("start redis-slave-2");
  });

  it("applies changes to servers that run, not to nodes that wait to start or are started anew", () => {
    const steps = plan(topology, {
      records: known,
      processes: running({ "redis-slave-1": "waiting", "redis-slave-2": "stopped" }),
      changed: ["redis-master", "redis-slave-1", "redis-slave-2", "redis-sentinel-1"],
    });
    expect(steps.map(short).filter((each) => each.startsWith("reconfigure"))).toEqual([
      "reconfigure redis-master",
      "reconfigure redis-sentinel-1",
    ]);
  });

  it("stops nodes that the topology has dropped, after the others are up", () => {
    const steps = plan(topology, { records: known, strangers: ["redis-slave-9"] }).map(short);
    expect(steps.indexOf("stop redis-slave-9")).toBeGreaterThan(steps.indexOf("start redis-slave-3"));
    expect(steps.indexOf("stop redis-slave-9")).toBeLessThan(steps.indexOf("await settled"));
  });
});

describe("without an answer to who is master", () => {
  const lost: Records = {
    ...records(topology, true),
    sentinels: topology.sentinel.nodes.map(({ id }) => ({ node: id, known: false, master: null, epoch: 0 })),
  };
  const torn: Records = {
    ...lost,
    redis: lost.redis.map((each, at) => (at < 2 ? { ...each, follows: null } : { ...each, known: false })),
  };

  it("plans nothing and says what to type, with the records as evidence", () => {
    expect(() => plan(topology, { records: torn })).toThrow(VedetteError);
    expect(() => plan(topology, { records: torn })).toThrow(
      /mymaster: the Sentinels have lost .*\n(.*\n)*.*redis-slave-1: was master/,
    );
    let next: string | null = null;
    try {
      plan(topology, { records: torn });
    } catch (error) {
      next = error instanceof VedetteError ? error.next : null;
    }
    expect(next).toContain("vedette up --force-master NODE");
  });

  it("starts the forced node as master when no Sentinel is left to object", () => {
    const steps = plan(topology, { records: torn, force: "redis-slave-1" });
    const starts = steps.filter((step) => step.do === "start").map(short);
    expect(starts.filter((each) => each.includes("force"))).toEqual(["start redis-slave-1 by force"]);
    expect(starts[3]).toBe("start redis-slave-1 by force");
    expect(steps.map(short)).not.toContain("promote-only redis-slave-1");
    expect(steps.find((step) => step.do === "prepare")).toMatchObject({ first: { master: { port: 6380 } } });
  });

  it("has the Sentinels promote the forced node when they name another", () => {
    const steps = plan(topology, { records: records(topology, true), force: "redis-slave-1" }).map(short);
    expect(steps.filter((each) => each.includes("by force"))).toEqual([]);
    expect(steps.indexOf("promote-only redis-slave-1")).toBeGreaterThan(steps.indexOf("start redis-slave-3"));
    expect(steps.indexOf("promote-only redis-slave-1")).toBeLessThan(steps.indexOf("await settled"));
  });

  it("starts a forced node that waits already once more, so that it hears of it", () => {
    const processes = [...topology.sentinel.nodes, ...topology.redis.nodes].map(({ id }) =>
      process(id, "waiting"),
    );
    const steps = plan(topology, { records: records(topology, true), processes, force: "redis-master" }).map(
      short,
    );
    expect(steps).toContain("start redis-master by force");
  });
});
