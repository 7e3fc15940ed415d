import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cluster, nothingSeen, seedCluster } from "../../test/kit/cluster.ts";
import { isHealthy } from "./finding.ts";
import { findings } from "./findings.ts";
import { healthChecks } from "./health.ts";

type Built = ReturnType<typeof cluster>;

function checks(built: Built) {
  const { topology, snapshot } = built;
  return healthChecks(topology, snapshot, findings(topology, snapshot));
}

const failures = (built: Built) =>
  checks(built)
    .filter(({ ok }) => !ok)
    .map(({ check }) => check);

describe("healthChecks", () => {
  it("passes every check of a healthy cluster, one line a subject", () => {
    expect(failures(seedCluster())).toEqual([]);
    expect(checks(seedCluster()).map(({ check }) => check)).toEqual([
      "master",
      "redis-master",
      "redis-slave-1",
      "redis-slave-2",
      "redis-slave-3",
      "redis-sentinel-1",
      "redis-sentinel-2",
      "redis-sentinel-3",
      "sentinels",
      "quorum",
      "persistence",
      "memory",
      "versions",
      "steward",
    ]);
  });

  it("says no `ok` of what merely follows: without Sentinels nobody knows the master", () => {
    const built = cluster().master("redis-master").sentinelDown("redis-sentinel-1").names(null);
    expect(failures(built)).toEqual(["master", "redis-sentinel-1", "sentinels", "quorum", "memory"]);
  });

  it("has one line for a cluster that was not started", () => {
    const built = cluster()
      .down("redis-master", { wanted: false })
      .sentinelDown("redis-sentinel-1", { wanted: false });
    expect(checks(built)).toEqual([
      { check: "cluster", ok: false, detail: expect.stringContaining("NOT_STARTED") },
    ]);
  });

  it("is not fooled by a node that wants a password, loads, lags or cannot save", () => {
    const replica = (seen: Parameters<Built["replica"]>[1]) =>
      failures(cluster().master("redis-master").replica("redis-slave-1", seen).sentinels(3));
    expect(
      replica({ ...nothingSeen("unreachable", "NOAUTH Authentication required."), authError: true }),
    ).toEqual(["redis-slave-1"]);
    expect(replica({ state: "loading" })).toEqual(["redis-slave-1"]);
    expect(replica({ lagBytes: 20e6 })).toEqual(["redis-slave-1"]);
    const persistence = { aofEnabled: true, lastSaveOk: false, lastAofWriteOk: true, lastAofRewriteOk: true };
    expect(replica({ persistence })).toEqual(["persistence"]);
  });

  it("fails exactly when a finding is above info, whatever the cluster looks like", () => {
    const state = fc.constantFrom("up", "waiting", "loading", "unreachable", "down");
    const node = fc.record({
      state,
      role: fc.constantFrom("master", "replica"),
      link: fc.constantFrom("up", "sync", "down"),
      fenced: fc.boolean(),
      gaveUp: fc.boolean(),
      wanted: fc.boolean(),
      authError: fc.boolean(),
      priority: fc.constantFrom(0, 100),
      lagBytes: fc.constantFrom(null, 0, 20e6),
      follows: fc.constantFrom(null, { host: "127.0.0.1", port: 6379 }, { host: "127.0.0.1", port: 6380 }),
      version: fc.constantFrom("7.0.15", "7.2.4"),
    });
    const sentinel = fc.record({
      up: fc.boolean(),
      at: fc.constantFrom(null, 6379, 6380, 9999),
      epoch: fc.constantFrom(null, 0, 1),
      tilt: fc.boolean(),
      flags: fc.subarray(["s_down", "o_down", "failover_in_progress"]),
      quorumOk: fc.constantFrom(null, true, false),
      pid: fc.constantFrom(null, 800),
    });
    const whole = fc.record({
      nodes: fc.array(node, { minLength: 1, maxLength: 3 }),
      sentinels: fc.array(sentinel, { minLength: 1, maxLength: 3 }),
      steward: fc.boolean(),
    });
    let unhealthy = 0;
    fc.assert(
      fc.property(whole, ({ nodes, sentinels, steward }) => {
        const built = cluster().steward({ running: steward });
        for (const [at, { role, link, ...seen }] of nodes.entries()) {
          const live = seen.state === "up" || seen.state === "loading";
          const gone = nothingSeen(seen.state);
          const name = `redis-${at}`;
          if (!live) built.down(name, { ...seen, ...gone, fenced: false });
          else if (role === "master") built.master(name, seen);
          else built.replica(name, { ...seen, link, fenced: false });
        }
        for (const [at, { at: port, ...seen }] of sentinels.entries()) {
          const master = port === null ? null : { host: "127.0.0.1", port };
          if (seen.up) built.sentinel(`sentinel-${at}`, { ...seen, master });
          else built.sentinelDown(`sentinel-${at}`, { pid: seen.pid });
        }
        const { topology, snapshot } = built;
        const found = findings(topology, snapshot);
        const failed = healthChecks(topology, snapshot, found).some(({ ok }) => !ok);
        expect(failed).toBe(!isHealthy(found));
        if (failed) unhealthy += 1;
      }),
      { numRuns: 500 },
    );
    expect(unhealthy).toBeGreaterThan(100);
  });

  it("shows every finding above info at a check", () => {
    const built = cluster()
      .master("redis-master", { connectedReplicas: 0 }, { minReplicas: 1 })
      .replica("redis-slave-1", { priority: 0, version: "7.2.4" })
      .sentinels(2)
      .sentinel("redis-sentinel-3", { tilt: true, otherSentinels: 9 })
      .steward({ running: false });
    const { topology, snapshot } = built;
    const details = checks(built)
      .map(({ detail }) => detail)
      .join("\n");
    const codes = findings(topology, snapshot).filter(({ severity }) => severity !== "info");
    expect(codes.length).toBeGreaterThan(4);
    for (const { code } of codes) expect(details).toContain(code);
  });
});
