import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { stopNode } from "../../src/operations/one-node.ts";
import { readHistory } from "../../src/operations/history.ts";
import { watchSentinels, type HeardEvent } from "../../src/operations/sentinel-watch.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

let cluster: LiveCluster;
afterEach(() => cluster.destroy());

// With a long failover-timeout a replica that was forgotten would stay where it is, and settle nothing.
const LONG =
  "redis: { port: BASE }\nsentinel: { port: SENTINELS, downAfter: 1500ms, failoverTimeout: 30s, periods: { info: 500ms } }";

function failovers() {
  return readHistory(cluster.runtime.paths.history).filter((each) => each.kind === "failover");
}

/** Freezes the master until all Sentinels that run name another one and it is followed; then lets it go on. */
async function hangMaster(epoch: number, sentinels = 3): Promise<HeardEvent[]> {
  const old = await cluster.master();
  const heard: HeardEvent[] = [];
  const stop = await watchSentinels(cluster.ctx, (event) => heard.push(event));
  try {
    await cluster.runtime.fault(old, "hang");
    await cluster.eventually("all Sentinels agree and all replicas are linked", (now) => {
      const agreeing = now.sentinels.filter(
        (each) => each.up && each.epoch === epoch && each.masterNode !== old,
      );
      const linked = now.nodes.filter(
        ({ follows, link }) => link === "up" && follows?.port === now.master?.port,
      );
      return agreeing.length === sentinels && linked.length === 2;
    });
  } finally {
    await cluster.runtime.fault(old, "continue");
    stop();
  }
  await cluster.eventually("the old master follows", (now) =>
    now.nodes.every((each) => each.link === (each.node === now.master?.node ? null : "up")),
  );
  expect((await cluster.look()).epoch, "one failover for one hang").toBe(epoch);
  return heard;
}

/** Who was first to know: another Sentinel, or the leader at its next INFO poll. */
function firstToKnow(heard: HeardEvent[]): string | undefined {
  const knows = ["+config-update-from", "+promoted-slave"];
  return heard.find(({ event }) => knows.includes(event.channel))?.event.channel;
}

/** Nobody but the steward subscribes to a pattern at the Sentinels while no test listens. */
async function stewardListens(): Promise<boolean> {
  const lists = await Promise.all(cluster.sentinels().map((each) => cluster.call(each, "CLIENT", "LIST")));
  return lists.every((list) => /\bpsub=1\b/.test(String(list)));
}

describe("a failover that the Sentinels begin by themselves", () => {
  it("is spread by the steward the moment the replica is promoted, also after the loss of Sentinels", async () => {
    cluster = await LiveCluster.create(LONG);
    await cluster.up({ steward: true });
    await cluster.settled();
    expect(firstToKnow(await hangMaster(1))).toBe("+config-update-from");
    expect(failovers()).toHaveLength(1);
    expect(failovers()[0]).toMatchObject({ from: "redis-master", epoch: 1, by: "steward" });
    expect(failovers()[0]?.cause).toContain("spread");

    // All three come back with nobody listening to them yet.
    const lives = (await cluster.look()).sentinels.map((each) => each.runId);
    for (const sentinel of cluster.sentinels()) await cluster.runtime.fault(sentinel, "kill");
    await cluster.eventually("the Sentinels are back", ({ sentinels }) =>
      sentinels.every((each) => each.up && !lives.includes(each.runId)),
    );
    await cluster.hurry();
    await cluster.settled();
    expect(await until(stewardListens, { deadlineMs: 20_000 })).toBe(true);
    expect(firstToKnow(await hangMaster(2))).toBe("+config-update-from");
    expect(failovers().map((each) => each.epoch)).toEqual([1, 2]);

    await stopNode(cluster.ctx, "redis-sentinel-1", true);
    expect(firstToKnow(await hangMaster(3, 2))).toBe("+config-update-from");
    expect(failovers().map((each) => each.epoch)).toEqual([1, 2, 3]);
    expect(failovers().every(({ cause }) => cause?.includes("spread"))).toBe(true);
  });

  it("is left to Sentinel with spreadDecision off, and ends in the same place", async () => {
    cluster = await LiveCluster.create(`spreadDecision: off\n${LONG}`);
    await cluster.up({ steward: true });
    await cluster.settled();
    expect(firstToKnow(await hangMaster(1))).toBe("+promoted-slave");
    await cluster.eventually("it is in the history", () => failovers().length > 0);
    expect(failovers()).toHaveLength(1);
    expect(failovers()[0]?.cause).not.toContain("spread");
  });
});
