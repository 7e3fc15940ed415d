import { readFileSync } from "node:fs";
import { afterEach, describe, expect, it } from "vitest";
import { findings } from "../../src/cluster/findings.ts";
import { restartNode } from "../../src/operations/one-node.ts";
import type { NodeId } from "../../src/topology/model.ts";
import { FAULTS, soakFailovers } from "../kit/failover-soak.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

let cluster: LiveCluster;

const FAST = "redis: { port: BASE }\nsentinel: { port: SENTINELS }\nfailover: fast";

function downAfterOnDisk(sentinel: NodeId): string | undefined {
  const conf = readFileSync(`${cluster.runtime.paths.sentinel(sentinel)}/sentinel.conf`, "utf8");
  return /^sentinel down-after-milliseconds \S+ (\d+)$/m.exec(conf)?.[1];
}

async function timing(): Promise<(string | undefined)[]> {
  const { sentinels } = await cluster.look();
  return sentinels.map((each) => `${each.downAfterMs} ${each.periods?.ping}`);
}

async function timingFindings(): Promise<(NodeId | null)[]> {
  const found = findings(cluster.topology, await cluster.look());
  return found.filter(({ code }) => code === "SENTINEL_TIMING").map(({ node }) => node);
}

describe("the failover profile fast", () => {
  afterEach(() => cluster.destroy());

  it("is set by `up` without a steward, and a restarted Sentinel is safe and reported", async () => {
    cluster = await LiveCluster.create(FAST);
    await cluster.up();
    expect(await timing()).toEqual(["1000 250", "1000 250", "1000 250"]);
    expect(await timingFindings()).toEqual([]);
    // What the Sentinel itself has written down would not be safe with the periods it starts with.
    expect(downAfterOnDisk("redis-sentinel-2")).toBe("1000");
    await cluster.kill("redis-sentinel-2");
    await cluster.start("redis-sentinel-2");
    await cluster.eventually("it answers", ({ sentinels }) => sentinels.every((each) => each.up));
    expect(await timing()).toEqual(["1000 250", "1500 1000", "1000 250"]);
    expect(await timingFindings()).toEqual(["redis-sentinel-2"]);
    await restartNode(cluster.ctx, "redis-sentinel-2");
    expect(await timing()).toEqual(["1000 250", "1000 250", "1000 250"]);
    await cluster.kill("redis-sentinel-3");
    await cluster.up();
    expect(await timing()).toEqual(["1000 250", "1000 250", "1000 250"]);
  });

  it("is kept by the steward: after a restart, and when somebody changes it", async () => {
    cluster = await LiveCluster.create(FAST);
    await cluster.up({ steward: true });
    const { pid } = (await cluster.runtime.inspect()).find(({ node }) => node === "redis-sentinel-1") ?? {};
    await cluster.runtime.fault("redis-sentinel-1", "kill");
    const fast = (sentinel: number) =>
      cluster.eventually("it is fast again", ({ sentinels }) => {
        const seen = sentinels[sentinel];
        return seen?.downAfterMs === 1000 && seen.periods?.ping === 250 && seen.pid !== pid;
      });
    await fast(0);
    await cluster.call("redis-sentinel-2", "SENTINEL", "DEBUG", "ping-period", "1000");
    await fast(1);
    const told = readFileSync(`${cluster.runtime.paths.logs}/steward.log`, "utf8");
    const steps = told.split("\n").filter((line) => line.includes("redis-sentinel-2: "));
    expect(steps.map((line) => line.replace(/^.*redis-sentinel-2: /, "").slice(0, 15))).toEqual([
      "down-after is 1",
      "periods are set",
      "down-after is 1",
    ]);
    await cluster.call(
      "redis-sentinel-3",
      "SENTINEL",
      "SET",
      cluster.topology.name,
      "down-after-milliseconds",
      "7000",
    );
    await fast(2);
    expect((await cluster.look()).epoch).toBe(0);
  });
});

// `make soak SOAK_FAILOVERS=50` does this fifty times over.
it("fails over exactly once for each kill, hang and hang-then-kill", { timeout: 300_000 }, async () => {
  const result = await soakFailovers({ seed: 7, each: 2, say: () => {} });
  for (const fault of FAULTS) expect(result.namedMs[fault]).toHaveLength(2);
  expect(result.confirmed).toBeGreaterThan(100);
});
