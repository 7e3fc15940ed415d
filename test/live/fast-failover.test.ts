import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import type { Snapshot } from "../../src/cluster/snapshot.ts";
import { readHistory } from "../../src/operations/history.ts";
import { LiveCluster } from "../kit/live-cluster.ts";
import { Prober } from "../kit/prober.ts";
import { Writer } from "../kit/writer.ts";

let cluster: LiveCluster;
afterEach(() => cluster.destroy());

/** Sentinel's own pace would be far slower: what happens before it is the steward's doing. */
const SLOW = "sentinel: { port: SENTINELS, downAfter: 10s, failoverTimeout: 10s, periods: { info: 500ms } }";

function failovers() {
  return readHistory(cluster.runtime.paths.history).filter((each) => each.kind === "failover");
}

describe("a crashed master", () => {
  it("is failed over long before down-after, by Sentinel's decision, without a second master or a lost write", async () => {
    cluster = await LiveCluster.create(`redis: { port: BASE }\n${SLOW}`);
    await cluster.up({ steward: true });
    for (let round = 1; round <= 3; round++) {
      await cluster.settled();
      const writer = new Writer(cluster, `r${round}:`).start();
      await writer.wroteAgain();
      const old = await cluster.master();
      const prober = new Prober(cluster).start();
      const begun = performance.now();
      await cluster.runtime.fault(old, "kill");
      const moved = await cluster.eventually(
        "a failover",
        (now) => now.master !== null && now.master.node !== old,
      );
      expect(performance.now() - begun).toBeLessThan(cluster.topology.sentinel.downAfterMs);
      await writer.wroteAgain();
      await cluster.settled();
      await prober.stop();
      await writer.stop();
      expect(moved.epoch).toBe(round);
      expect((await cluster.look()).epoch, "one failover for one death").toBe(round);
      expect(prober.secondMasters()).toEqual([]);
      expect(await writer.lost()).toEqual([]);
      expect(failovers()).toHaveLength(round);
      expect(failovers().at(-1)).toMatchObject({ from: old, to: moved.master?.node, epoch: round });
      expect(failovers().at(-1)?.durationsMs?.["promoted"]).toBeGreaterThan(0);
    }
  });

  it("is succeeded by the replica that has the most, also when Sentinel's last poll says otherwise", async () => {
    cluster = await LiveCluster.create(
      "redis: { port: BASE }\nsentinel: { port: SENTINELS, downAfter: 10s, failoverTimeout: 10s }",
    );
    await cluster.up({ steward: true });
    const { nodes } = await cluster.settled();
    const replicas = nodes
      .filter((node) => node.role === "replica")
      .toSorted((a, b) => ((a.runId ?? "") < (b.runId ?? "") ? -1 : 1));
    // Among equals Sentinel takes the smallest run id: the greatest is the one that it must not pass over.
    const best = replicas.at(-1)?.node ?? "";
    const others = replicas.slice(0, -1).map(({ node }) => node);
    const link = (up: boolean) => (now: Snapshot) =>
      now.nodes.filter(({ node }) => others.includes(node)).every((node) => (node.link === "up") === up);
    for (const node of others) await cluster.call(node, "REPLICAOF", "127.0.0.1", "1");
    await cluster.eventually("two replicas without a link", link(false));
    await cluster.call("redis-master", "SET", "last", "word");
    const offset = (await cluster.look()).nodes.find(({ node }) => node === "redis-master")?.offset ?? 0;
    await cluster.eventually("the third has the last word", (now) =>
      now.nodes.some(({ node, offset: reached }) => node === best && (reached ?? 0) >= offset),
    );
    await cluster.runtime.fault("redis-master", "kill");
    const moved = await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    expect(moved.master?.node).toBe(best);
    expect(await cluster.call(best, "GET", "last")).toBe("word");
    await cluster.settled();
  });

  it("of an adopted cluster is failed over as fast", async () => {
    cluster = await LiveCluster.create(`redis: { port: BASE }\n${SLOW}`);
    await cluster.up(); // nobody who watches started these processes
    await cluster.up({ steward: true });
    await until(async () => (await cluster.runtime.records()).positions?.master === "redis-master", {
      deadlineMs: 10_000,
    });
    const begun = performance.now();
    await cluster.runtime.fault("redis-master", "kill");
    await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    expect(performance.now() - begun).toBeLessThan(cluster.topology.sentinel.downAfterMs);
    await cluster.settled();
  });

  it("is left to Sentinel without a steward, and ends in the same place", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.runtime.fault("redis-master", "kill");
    const begun = performance.now();
    await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    await cluster.start("redis-master");
    await cluster.hurry();
    await cluster.settled();
  });

  it("is left to Sentinel with fastFailover off", async () => {
    cluster = await LiveCluster.create("fastFailover: off");
    await cluster.up({ steward: true });
    const begun = performance.now();
    await cluster.runtime.fault("redis-master", "kill");
    await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    await cluster.settled();
  });

  it("without spreading is fast too, at Sentinel's pace of telling", async () => {
    cluster = await LiveCluster.create(`redis: { port: BASE }\nspreadDecision: off\n${SLOW}`);
    await cluster.up({ steward: true });
    const begun = performance.now();
    await cluster.runtime.fault("redis-master", "kill");
    await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    expect(performance.now() - begun).toBeLessThan(cluster.topology.sentinel.downAfterMs);
    await cluster.settled();
    expect(failovers()).toHaveLength(1);
  });
});

describe("no crash", () => {
  it("a hung master is silence, and stays Sentinel's down-after", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    const begun = performance.now();
    await cluster.runtime.fault("redis-master", "hang");
    await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    expect(performance.now() - begun).toBeGreaterThan(1_000);
    await cluster.runtime.fault("redis-master", "continue");
    await cluster.settled();
  });

  it("a master that is stopped on request is not failed over at once", async () => {
    cluster = await LiveCluster.create(`redis: { port: BASE }\n${SLOW}`);
    await cluster.up({ steward: true });
    const { restartNode } = await import("../../src/operations/one-node.ts");
    await restartNode(cluster.ctx, "redis-master");
    await cluster.settled();
    expect(await cluster.master()).toBe("redis-master");
    expect((await cluster.look()).epoch).toBe(0);
  });
});
