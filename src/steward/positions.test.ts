import { describe, expect, it } from "vitest";
import { cluster, NOW } from "../../test/kit/cluster.ts";
import type { Positions } from "../runtimes/records.ts";
import { notePositions, saysMore } from "./positions.ts";

const dataSets = (...nodes: string[]) => new Map(nodes.map((node) => [node, `data-${node}`]));

const before: Positions = {
  at: 1,
  epoch: 4,
  master: "redis-master",
  nodes: {
    "redis-slave-1": { at: 1, role: "replica", replId: "old", offset: 900, keys: 9, dataId: "old" },
  },
};

describe("notePositions", () => {
  it("notes the master and the replicas in sync, with the name of their data", () => {
    const { snapshot } = cluster()
      .master("redis-master", { offset: 10, keys: { db0: 2, db5: 3 } })
      .replica("redis-slave-1", { offset: 9 })
      .sentinels(3, { epoch: 5 });
    const note = notePositions(null, snapshot, dataSets("redis-master"));
    expect(note).toMatchObject({ at: NOW, epoch: 5, master: "redis-master" });
    expect(note.nodes["redis-master"]).toEqual({
      at: NOW,
      role: "master",
      replId: "5f1c",
      offset: 10,
      keys: 5,
      dataId: "data-redis-master",
    });
    expect(note.nodes["redis-slave-1"]).toMatchObject({ role: "replica", offset: 9, dataId: null });
  });

  it.each<[string, ReturnType<typeof cluster>]>([
    [
      "has restarted and not synced",
      cluster().master("m").replica("redis-slave-1", { link: "down", offset: 1 }),
    ],
    ["is syncing", cluster().master("m").replica("redis-slave-1", { link: "sync", offset: 1 })],
    ["loads", cluster().master("m").replica("redis-slave-1", { state: "loading" })],
    ["is down", cluster().master("m").down("redis-slave-1")],
    ["is a master that the Sentinels do not name", cluster().master("m").master("redis-slave-1")],
    ["is a master behind the fence", cluster().master("redis-slave-1", { fenced: true })],
  ])("keeps what it knew of a node that %s", (_, built) => {
    const { snapshot } = built.sentinels(3);
    expect(notePositions(before, snapshot, dataSets("redis-slave-1")).nodes["redis-slave-1"]).toEqual(
      before.nodes["redis-slave-1"],
    );
  });

  it("never goes back in epochs and keeps the last master while none is named", () => {
    const { snapshot } = cluster().master("redis-slave-1").sentinels(1, { epoch: 2 }).names(null);
    expect(notePositions(before, snapshot, dataSets())).toMatchObject({ epoch: 4, master: "redis-master" });
  });
});

describe("saysMore", () => {
  it("is false when only time has passed", () => {
    const [position] = Object.values(before.nodes);
    const later = { ...before, at: 99, nodes: { "redis-slave-1": { ...position!, at: 99 } } };
    expect(saysMore(before, later)).toBe(false);
    expect(saysMore(before, { ...later, nodes: { "redis-slave-1": { ...position!, offset: 901 } } })).toBe(
      true,
    );
    expect(saysMore(before, { ...later, epoch: 5 })).toBe(true);
    expect(saysMore(before, { ...later, master: null })).toBe(true);
    expect(saysMore(null, before)).toBe(true);
  });
});
