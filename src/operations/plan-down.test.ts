import { describe, expect, it } from "vitest";
import { cluster, seedCluster } from "../../test/kit/cluster.ts";
import { keepsNothing, planDown } from "./plan-down.ts";
import type { Step } from "./steps.ts";

function stops(steps: Step[]): string[] {
  return steps.flatMap((step) =>
    step.do === "stop" || step.do === "save-before-stop" ? [`${step.do} ${step.node}`] : [],
  );
}

describe("down", () => {
  it("keeps the steward from bringing anything back, then stops Sentinels, the master, and its replicas", () => {
    const { topology, snapshot } = seedCluster();
    const steps = planDown(topology, snapshot, [], false);
    expect(steps.slice(0, 2)).toMatchObject([{ do: "want", up: false }, { do: "stop-steward" }]);
    expect(steps[0]).toMatchObject({ nodes: expect.arrayContaining(["redis-sentinel-3", "redis-slave-3"]) });
    expect(stops(steps)).toEqual([
      "stop redis-sentinel-1",
      "stop redis-sentinel-2",
      "stop redis-sentinel-3",
      "stop redis-master",
      "stop redis-slave-1",
      "stop redis-slave-2",
      "stop redis-slave-3",
    ]);
  });

  it("stops the node that is master now first, whatever its name", () => {
    const { topology, snapshot } = cluster()
      .replica("redis-master")
      .replica("redis-slave-1")
      .master("redis-slave-2")
      .sentinels(1);
    expect(stops(planDown(topology, snapshot, [], false)).slice(1)).toEqual([
      "stop redis-slave-2",
      "stop redis-master",
      "stop redis-slave-1",
    ]);
  });

  it("passes over what has no process, and takes what the topology has dropped", () => {
    const { topology, snapshot } = cluster()
      .master("redis-master")
      .down("redis-slave-1")
      .sentinel("redis-sentinel-1")
      .sentinelDown("redis-sentinel-2");
    expect(stops(planDown(topology, snapshot, ["redis-slave-9"], false)).toSorted()).toEqual([
      "stop redis-master",
      "stop redis-sentinel-1",
      "stop redis-slave-9",
    ]);
  });

  it("saves a node that keeps nothing by itself, unless it is killed anyway", () => {
    const { topology, snapshot } = cluster()
      .master("redis-master", {}, { appendOnly: false, directives: { save: [""] } })
      .sentinels(1);
    expect(stops(planDown(topology, snapshot, [], false)).slice(1)).toEqual([
      "save-before-stop redis-master",
      "stop redis-master",
    ]);
    const killed = planDown(topology, snapshot, [], true);
    expect(stops(killed)).not.toContain("save-before-stop redis-master");
    expect(killed.filter((step) => step.do === "stop").every((step) => step.mode === "kill")).toBe(true);
  });
});

describe("keepsNothing", () => {
  const node = (appendOnly: boolean, ...saves: string[][]) => {
    const [redis] = cluster().master("redis-master", {}, { appendOnly }).sentinels(1).topology.redis.nodes;
    const directives = saves.map((args) => ({ name: "save", args, origin: { from: "default" as const } }));
    return keepsNothing({ ...redis, directives });
  };

  it("is true only of a node without append-only file whose last word on save points is none", () => {
    expect(node(false, [""])).toBe(true);
    expect(node(false, ["3600", "1"], [""])).toBe(true);
    expect(node(false, [""], ["3600", "1"])).toBe(false);
    expect(node(false)).toBe(false); // Redis' own save points
    expect(node(true, [""])).toBe(false);
  });
});
