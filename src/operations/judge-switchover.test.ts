import { expect, it } from "vitest";
import { cluster, seedCluster } from "../../test/kit/cluster.ts";
import { judgeSwitchover } from "./judge-switchover.ts";
import type { SwitchoverRecord } from "./switchover-record.ts";

type Built = ReturnType<typeof cluster>;

const record: SwitchoverRecord = {
  from: "redis-master",
  to: "redis-slave-1",
  epoch: 0,
  reason: null,
  startedAt: 0,
  state: "running",
  asked: "redis-sentinel-3",
  changed: [],
  moved: null,
};

const judged = (built: Built) => judgeSwitchover(record, built.snapshot);

/** The Sentinels name redis-slave-1. */
function movedTo(seen: Parameters<Built["master"]>[1]): Built {
  const built = cluster().master("redis-slave-1", seen).replica("redis-master").sentinels(3);
  return built.names({ ...built.at("redis-slave-1"), node: "redis-slave-1" });
}

it("undoes it while the master has not moved and nothing is under way", () => {
  expect(judged(seedCluster())).toEqual({ do: "undo" });
});

it("finishes it once the named one is master", () => {
  expect(judged(movedTo({}))).toEqual({ do: "finish", master: "redis-slave-1" });
});

it.each<[string, Built, RegExp]>([
  ["nobody is named", seedCluster().names(null), /no majority/],
  ["the named one is not master yet", movedTo({ state: "loading" }), /not master yet/],
  [
    "a Sentinel is at it",
    cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .sentinels(2)
      .sentinel("redis-sentinel-3", { flags: ["master", "failover_in_progress"] }),
    /redis-sentinel-3 says/,
  ],
  [
    "somebody has been promoted whom the Sentinels do not name yet",
    cluster().master("redis-master").master("redis-slave-1").sentinels(3),
    /redis-slave-1 is master, too/,
  ],
  [
    "the Sentinel that was asked hangs, and may carry it out later",
    cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .sentinels(2)
      .sentinelDown("redis-sentinel-3", { pid: 17 }),
    /was asked/,
  ],
])("waits while %s", (_, built, why) => {
  expect(judged(built)).toEqual({ do: "wait", why: expect.stringMatching(why) });
});

it("does not wait for a Sentinel that has ended", () => {
  const built = cluster()
    .master("redis-master")
    .replica("redis-slave-1")
    .sentinels(2)
    .sentinelDown("redis-sentinel-3");
  expect(judged(built)).toEqual({ do: "undo" });
});
