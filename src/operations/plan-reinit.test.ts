import { describe, expect, it } from "vitest";
import { cluster, seedCluster } from "../../test/kit/cluster.ts";
import { costsOfReinit, planReinit, tooLittleRoom } from "./plan-reinit.ts";

const WISH = { node: "redis-slave-1", keep: true };
const kinds = (keep: boolean) =>
  planReinit(seedCluster().snapshot, { ...WISH, keep }, 7).map((step) => step.do);

describe("rebuilding a replica", () => {
  it("keeps the old data until the new is there, unless told otherwise", () => {
    expect(kinds(true)).toEqual(["want", "stop", "set-aside", "start", "await-synced", "delete-aside"]);
    expect(kinds(false)).toEqual(["want", "stop", "set-aside", "delete-aside", "start", "await-synced"]);
  });

  it("waits longer for more data", () => {
    const wait = (memoryBytes: number) => {
      const { snapshot } = cluster().master("m", { memoryBytes }).replica("redis-slave-1").sentinels(3);
      const step = planReinit(snapshot, WISH, 7).find((each) => each.do === "await-synced");
      return step?.do === "await-synced" ? step.deadlineMs : 0;
    };
    expect(wait(16e9)).toBeGreaterThan(wait(1e6) + 3_000_000);
  });

  it("says what the cluster goes without", () => {
    const only = cluster().master("m", {}, { minReplicas: 1 }).replica("redis-slave-1").sentinels(3);
    expect(costsOfReinit(only.topology, only.snapshot, "redis-slave-1")).toEqual([
      expect.stringContaining("nobody takes over"),
      expect.stringContaining("refuses writes"),
    ]);
    const broken = cluster()
      .master("m", {}, { minReplicas: 1 })
      .replica("redis-slave-1", { link: "down" })
      .sentinels(3);
    expect(costsOfReinit(broken.topology, broken.snapshot, "redis-slave-1")).toEqual([]);
    const { topology, snapshot } = seedCluster();
    expect(costsOfReinit(topology, snapshot, "redis-slave-1")).toEqual([]);
  });

  it("needs a disk that holds both", () => {
    const { snapshot } = cluster().master("m", { memoryBytes: 100 }).replica("r").sentinels(3);
    const room = (freeBytes: number, bytes: number) => ({ freeBytes, bytes, aside: [] });
    expect(tooLittleRoom(snapshot, room(200, 0), true)).toBeNull();
    expect(tooLittleRoom(snapshot, room(199, 100), true)).toBe(
      "a fresh copy may need 200 B and 199 B are free",
    );
    expect(tooLittleRoom(snapshot, room(100, 100), false)).toBeNull();
  });
});
