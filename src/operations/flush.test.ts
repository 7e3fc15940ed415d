import { describe, expect, it } from "vitest";
import { cluster } from "../../test/kit/cluster.ts";
import { keysOnMaster, planFlush } from "./flush.ts";

describe("flush", () => {
  const { snapshot } = cluster()
    .replica("redis-master", { keys: { db0: 9 } })
    .master("redis-slave-1", { keys: { db0: 7, db3: 2 } })
    .sentinels(1);

  it("counts on the node that the Sentinels name, whatever its name", () => {
    expect(keysOnMaster(snapshot)).toEqual({ db0: 7, db3: 2 });
    expect(keysOnMaster({ ...snapshot, master: null })).toEqual({});
  });

  it("is nothing to do where there are no keys", () => {
    expect(planFlush("redis-slave-1", {})).toEqual([]);
    expect(planFlush("redis-slave-1", { db0: 7, db3: 2 })).toEqual([
      { do: "flush", node: "redis-slave-1", databases: ["db0", "db3"] },
    ]);
  });
});
