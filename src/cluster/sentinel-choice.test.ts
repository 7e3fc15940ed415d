import { describe, expect, it } from "vitest";
import { cluster } from "../../test/kit/cluster.ts";
import { judgeChoice, wouldChoose } from "./sentinel-choice.ts";
import type { RedisSeen } from "./snapshot.ts";

type Polled = { priority?: number; offset?: number; runId?: string; flags?: string[] };

/** Two replicas as they are, and as a Sentinel polled them. */
function pair(seen: [Partial<RedisSeen>, Partial<RedisSeen>], polled: [Polled, Polled]) {
  const built = cluster()
    .down("redis-master")
    .replica("redis-slave-1", { link: "down", priority: 100, ...seen[0] })
    .replica("redis-slave-2", { link: "down", priority: 100, ...seen[1] });
  const replicas = polled.map((entry, i) => ({
    ...built.at(`redis-slave-${i + 1}`),
    flags: ["slave"],
    linkUp: true,
    priority: 100,
    offset: 10,
    runId: `${i}`,
    ...entry,
  }));
  const { topology, snapshot } = built.sentinels(1, { replicas });
  const [sentinel] = snapshot.sentinels;
  if (sentinel === undefined) throw new Error("no Sentinel");
  return { chosen: wouldChoose(topology, sentinel), choice: judgeChoice(topology, sentinel, snapshot) };
}

describe("whom a Sentinel would choose", () => {
  it.each<[string, [Polled, Polled], string | null]>([
    ["the lower priority, whatever the offsets", [{ priority: 50, offset: 1 }, {}], "redis-slave-1"],
    ["the higher offset", [{}, { offset: 11 }], "redis-slave-2"],
    ["the smaller run id", [{ runId: "b" }, { runId: "A" }], "redis-slave-2"],
    ["never priority 0", [{ priority: 0, offset: 99 }, {}], "redis-slave-2"],
    ["nobody who is down", [{ flags: ["slave", "s_down"], offset: 99 }, {}], "redis-slave-2"],
    ["nobody", [{ priority: 0 }, { flags: ["disconnected"] }], null],
  ])("%s", (_, polled, expected) => {
    expect(pair([{}, {}], polled).chosen).toBe(expected);
  });
});

describe("the choice of a forced failover", () => {
  it.each<[string, [Partial<RedisSeen>, Partial<RedisSeen>], [Polled, Polled], string]>([
    ["is good while all have the same", [{ offset: 50 }, { offset: 50 }], [{}, {}], "good"],
    ["is good when the poll leads to the best", [{ offset: 50 }, { offset: 40 }], [{}, {}], "good"],
    ["is stale when the poll leads to another", [{ offset: 40 }, { offset: 50 }], [{}, {}], "stale"],
    [
      "is not known while one still reads",
      [{ offset: 40, link: "up" }, { offset: 50 }],
      [{}, {}],
      "draining",
    ],
    [
      "obeys priorities before offsets",
      [{ offset: 40, priority: 50 }, { offset: 50 }],
      [{ priority: 50 }, {}],
      "good",
    ],
    ["has no rival to a single one", [{ offset: 40 }, { offset: 50, priority: 0 }], [{}, {}], "good"],
  ])("%s", (_, seen, polled, expected) => {
    expect(pair(seen, polled).choice).toBe(expected);
  });
});
