import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import type { Context } from "../../src/operations/context.ts";
import { reinit } from "../../src/operations/reinit.ts";
import { vedette, vedetteRunning } from "../kit/cli.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

let cluster: LiveCluster;
afterEach(() => cluster.destroy());

const NODE = "redis-slave-1";
const dataDir = () => join(cluster.topology.stateDir, "redis", NODE, "data");
const asides = () => readdirSync(dataDir()).filter((name) => name.startsWith("aside-"));

async function dataId() {
  return (await cluster.runtime.records()).redis.find((each) => each.node === NODE)?.dataId;
}

/** A cluster in which one replica holds a key that its master does not: what only a full copy takes away. */
async function diverged(steward = false) {
  cluster = await LiveCluster.create();
  await cluster.up({ steward });
  await cluster.call("redis-master", "MSET", "a", "1", "b", "2");
  await cluster.call("redis-master", "WAIT", "3", "5000");
  await cluster.call(NODE, "CONFIG", "SET", "replica-read-only", "no");
  await cluster.call(NODE, "SET", "stray", "x");
  expect(await cluster.call(NODE, "DBSIZE")).toBe(3);
}

describe("reinit", () => {
  it("gives a replica a fresh copy of its master's data, and its priority back", async () => {
    await diverged();
    const before = await dataId();
    const shown = vedette(cluster.dir, "reinit", NODE, "--dry-run");
    expect(shown.out).toMatch(/deletes the data of redis-slave-1[\s\S]*set the data of redis-slave-1 aside/);
    expect(await dataId()).toBe(before);
    const refused = vedette(cluster.dir, "reinit", NODE);
    expect(refused.code, "nobody to ask").toBe(2);

    expect(vedette(cluster.dir, "reinit", NODE, "--yes")).toMatchObject({ code: 0 });
    expect(await cluster.call(NODE, "DBSIZE")).toBe(2);
    expect(await dataId()).not.toBe(before);
    expect(asides()).toEqual([]);
    const now = await cluster.settled();
    expect(now.nodes.find((each) => each.node === NODE)).toMatchObject({ link: "up", priority: 100 });
    expect(now.epoch).toBe(0);
  });

  it("is refused on the master, by whatever name it goes", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    const wish = { node: "redis-master", keep: true };
    await expect(reinit(cluster.ctx, wish)).rejects.toThrow(/redis-master is the master/);
    await cluster.call("redis-slave-2", "REPLICAOF", "NO", "ONE");
    await expect(reinit(cluster.ctx, { ...wish, node: "redis-slave-2" })).rejects.toThrow(
      /answers as a master|both masters/,
    );
    expect(existsSync(join(cluster.topology.stateDir, "redis", "redis-slave-2", "data"))).toBe(true);
  });

  it("keeps the old data when it fails, says where, and deletes it when it succeeds the next time", async () => {
    await diverged();
    const failing = Object.create(cluster.runtime, {
      start: { value: () => Promise.reject(new Error("no memory")) },
    }) as Context["runtime"];
    await expect(reinit({ ...cluster.ctx, runtime: failing }, { node: NODE, keep: true })).rejects.toThrow(
      /no memory; its old data is kept in .*aside-\d+/,
    );
    expect(asides()).toHaveLength(1);
    await reinit(cluster.ctx, { node: NODE, keep: true });
    expect(asides()).toEqual([]);
    expect(await cluster.call(NODE, "DBSIZE")).toBe(2);
  });

  it("killed half way it leaves a node that the steward brings back", async () => {
    await diverged(true);
    const cli = vedetteRunning(cluster.dir, "reinit", NODE, "--yes");
    await until(async () => asides().length > 0, { deadlineMs: 30_000, everyMs: 1 });
    cli.kill("SIGKILL");
    await cluster.settled();
    expect(await cluster.call(NODE, "DBSIZE")).toBe(2);
  });
});
