import { describe, expect, it } from "vitest";
import { cluster, nothingSeen } from "../../test/kit/cluster.ts";
import { chooseNode, type Wish } from "./choose-node.ts";

type Built = ReturnType<typeof cluster>;
const choose = ({ topology, snapshot }: Built, wish: Wish) => chooseNode(topology, snapshot, wish);

/** redis-slave-1 was promoted; the old master and redis-slave-2 follow it. */
const moved = () =>
  cluster()
    .replica("redis-master", { lagBytes: 900 })
    .master("redis-slave-1")
    .replica("redis-slave-2", { lagBytes: 14 })
    .replica("redis-slave-3", { lagBytes: 0, link: "down" })
    .sentinels(3);

describe("whom to connect to", () => {
  it("is the node that the Sentinels name, for the role of master", () => {
    expect(choose(moved(), { role: "master" })).toEqual({
      node: "redis-slave-1",
      host: "127.0.0.1",
      port: 6380,
      sentence: "redis-slave-1 is master now, at 127.0.0.1:6380",
    });
  });

  it("is the linked replica that lags least, for the role of replica", () => {
    expect(choose(moved(), { role: "replica" }).sentence).toBe(
      "redis-slave-2 is a replica now of redis-slave-1 (14 bytes behind), at 127.0.0.1:6381",
    );
  });

  it.each([
    ["redis-master", "redis-master is a replica now of redis-slave-1 (900 bytes behind), at 127.0.0.1:6379"],
    ["redis-slave-3", "redis-slave-3 is a replica now of redis-slave-1 (link down), at 127.0.0.1:6382"],
    [
      "redis-sentinel-2",
      "redis-sentinel-2 is a Sentinel and names redis-slave-1 as master, at 127.0.0.1:26380",
    ],
  ])("is the node itself, for %s", (node, sentence) => {
    expect(choose(moved(), { node }).sentence).toBe(sentence);
  });

  it("says that a second master is not the one", () => {
    const built = cluster().master("redis-master").replica("redis-slave-1", { role: "master" }).sentinels(3);
    expect(choose(built, { node: "redis-slave-1" }).sentence).toContain("the Sentinels do not name it");
  });

  it("says that a master is fenced", () => {
    const built = cluster().master("redis-master", { fenced: true }).sentinels(3);
    expect(choose(built, { role: "master" }).sentence).toContain("refuses writes");
  });

  it("is nobody when the Sentinels name no master, though the configured one is up", () => {
    expect(() => choose(moved().names(null), { role: "master" })).toThrow(/no majority/);
    const strange = moved().names({ host: "10.0.0.9", port: 1, node: null });
    expect(() => choose(strange, { role: "master" })).toThrow("10.0.0.9:1, which is no node");
  });

  it("is nobody when the named master is down", () => {
    const built = cluster().master("redis-master", nothingSeen("down", "ended by SIGKILL")).sentinels(3);
    expect(() => choose(built, { role: "master" })).toThrow(
      "connecting to redis-master at 127.0.0.1:6379: ended by SIGKILL",
    );
  });

  it("is nobody when no replica is linked", () => {
    const built = cluster().master("redis-master").replica("redis-slave-1", { link: "sync" }).sentinels(3);
    expect(() => choose(built, { role: "replica" })).toThrow(/none is linked/);
  });

  it("says when a node rejects the password", () => {
    const built = cluster()
      .master("redis-master", { ...nothingSeen("unreachable", "NOAUTH"), authError: true })
      .sentinels(3);
    expect(() => choose(built, { node: "redis-master" })).toThrow(/rejects the password/);
  });
});
