import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { cluster, nothingSeen, seedCluster } from "../../test/kit/cluster.ts";
import { FINDING_CODES, type Finding } from "./finding.ts";
import { findings } from "./findings.ts";

type Built = ReturnType<typeof cluster>;

/** Everything above advice, as `CODE node`. */
function bad(built: Built): string[] {
  return judged(built)
    .filter((finding) => finding.severity !== "info")
    .map(({ code, node }) => (node === null ? code : `${code} ${node}`));
}

function judged(built: Built): Finding[] {
  return findings(built.topology, built.snapshot);
}

function find(built: Built, code: Finding["code"]): Finding {
  const found = judged(built).find((finding) => finding.code === code);
  if (!found)
    throw new Error(
      `no ${code} among ${judged(built)
        .map((finding) => finding.code)
        .join(", ")}`,
    );
  return found;
}

/** A cluster of which one replica is as given. */
const withReplica = (seen: Parameters<Built["replica"]>[1], settings?: Parameters<Built["replica"]>[2]) =>
  cluster()
    .master("redis-master")
    .replica("redis-slave-1", seen, settings)
    .replica("redis-slave-2")
    .sentinels(3);

const withMaster = (seen: Parameters<Built["master"]>[1], settings?: Parameters<Built["master"]>[2]) =>
  cluster().master("redis-master", seen, settings).replica("redis-slave-1").sentinels(3);

const withSentinel = (seen: Parameters<Built["sentinel"]>[1]) =>
  cluster().master("redis-master").replica("redis-slave-1").sentinels(2).sentinel("redis-sentinel-3", seen);

describe("a healthy cluster", () => {
  it("has advice only", () => {
    expect(bad(seedCluster())).toEqual([]);
    expect(judged(seedCluster()).map(({ code }) => code)).toEqual(["ONE_HOST"]);
  });

  it("is healthy whatever the nodes are called and whoever is master", () => {
    const built = cluster()
      .replica("redis-master")
      .replica("redis-slave-1")
      .master("redis-slave-2")
      .sentinels(3);
    expect(bad(built)).toEqual([]);
  });

  it("does not mind a full cache, but a full store", () => {
    const full = { memoryBytes: 260_000_000 };
    expect(bad(withMaster(full, { directives: { "maxmemory-policy": ["allkeys-lru"] } }))).toEqual([]);
    expect(bad(withMaster(full, { directives: { "maxmemory-policy": ["noeviction"] } }))).toEqual([
      "MEMORY_HIGH redis-master",
    ]);
    expect(bad(withMaster({ memoryBytes: 260_000_000, maxMemoryBytes: 0 }))).toEqual([]);
    expect(bad(withReplica({ memoryBytes: 260_000_000 }))).toEqual([]);
  });
});

describe("a master", () => {
  it("that is down: one finding, and none about the links that went with it", () => {
    const built = cluster()
      .down("redis-master")
      .replica("redis-slave-1", { link: "down", lagSeconds: 3, follows: { host: "127.0.0.1", port: 6379 } })
      .sentinels(3, {
        master: { host: "127.0.0.1", port: 6379 },
        masterNode: "redis-master",
        flags: ["master", "s_down"],
      });
    expect(bad(built)).toEqual(["MASTER_DOWN redis-master"]);
    expect(find(built, "MASTER_DOWN").message).toContain("promote a replica once it has been silent for 5s");
  });

  it("that hangs: its replicas' silence is no lag of theirs", () => {
    const built = cluster()
      .master("redis-master", {
        ...nothingSeen("unreachable", "INFO 127.0.0.1:6379: timed out after 500 ms"),
      })
      .replica("redis-slave-1", {
        lagSeconds: 30,
        lagBytes: null,
        follows: { host: "127.0.0.1", port: 6379 },
      })
      .sentinels(3, { master: { host: "127.0.0.1", port: 6379 }, masterNode: "redis-master" });
    expect(bad(built)).toEqual(["MASTER_DOWN redis-master"]);
    expect(find(built, "MASTER_DOWN").message).toContain("timed out after 500 ms");
  });

  it("that is down while no failover can happen: the action is to start it", () => {
    const built = cluster()
      .down("redis-master")
      .sentinels(3, { master: { host: "127.0.0.1", port: 6379 }, masterNode: "redis-master" });
    expect(find(built, "MASTER_DOWN").action).toBe("vedette start redis-master");
  });

  it("beside a named one, both writable", () => {
    const built = cluster()
      .master("redis-slave-1")
      .master("redis-master")
      .replica("redis-slave-2")
      .sentinels(3);
    expect(bad(built)).toEqual(["TWO_MASTERS redis-master"]);
    expect(find(built, "TWO_MASTERS").message).toContain("redis-slave-1 is the named one");
  });

  it("beside a named one, but fenced: no second place for writes", () => {
    const built = cluster().master("redis-slave-1").master("redis-master", { fenced: true }).sentinels(3);
    expect(bad(built)).toEqual(["MASTER_FENCED redis-master"]);
    expect(find(built, "MASTER_FENCED").severity).toBe("warning");
  });

  it("that is named and fenced takes no writes: an error", () => {
    expect(find(withMaster({ fenced: true }), "MASTER_FENCED").severity).toBe("error");
  });

  it("that nobody names", () => {
    const built = cluster()
      .down("redis-master")
      .master("redis-slave-1")
      .sentinels(3, {
        master: { host: "127.0.0.1", port: 6379 },
        masterNode: "redis-master",
      });
    expect(bad(built)).toEqual(["MASTER_DOWN redis-master", "MASTER_NOT_NAMED redis-slave-1"]);
  });

  it("that was promoted while the failover is not told yet", () => {
    const built = cluster()
      .down("redis-master")
      .master("redis-slave-1")
      .replica("redis-slave-2", { link: "down" })
      .sentinels(3, {
        master: { host: "127.0.0.1", port: 6379 },
        masterNode: "redis-master",
        flags: ["master", "o_down", "failover_in_progress"],
      });
    expect(bad(built)).toEqual(["MASTER_DOWN redis-master", "FAILOVER_IN_PROGRESS"]);
  });

  it("that is named but is a replica", () => {
    const built = cluster()
      .replica("redis-master")
      .master("redis-slave-1")
      .sentinels(3, {
        master: { host: "127.0.0.1", port: 6379 },
        masterNode: "redis-master",
      });
    expect(bad(built)).toEqual(["MASTER_IS_REPLICA redis-master", "MASTER_NOT_NAMED redis-slave-1"]);
  });

  it("that is no node of ours", () => {
    const stranger = { host: "10.0.0.9", port: 6379 };
    const built = cluster()
      .replica("redis-master", { follows: stranger })
      .sentinels(3, {
        master: stranger,
        masterNode: null,
        replicas: [
          {
            host: "127.0.0.1",
            port: 6379,
            flags: ["slave"],
            linkUp: true,
            priority: 100,
            offset: 1,
            runId: null,
          },
        ],
      });
    expect(bad(built)).toEqual(["MASTER_UNKNOWN"]);
  });

  it("that refuses writes for want of replicas", () => {
    expect(bad(withMaster({ connectedReplicas: 0 }, { minReplicas: 1 }))).toEqual([
      "TOO_FEW_REPLICAS redis-master",
    ]);
    expect(bad(withMaster({ connectedReplicas: 1 }, { minReplicas: 1 }))).toEqual([]);
  });

  it("that loads is not down", () => {
    expect(bad(withMaster({ state: "loading" }))).toEqual(["NODE_LOADING redis-master"]);
    expect(find(withMaster({ state: "loading" }), "NODE_LOADING").severity).toBe("error");
  });
});

describe("a node", () => {
  const cases: [string, Parameters<Built["replica"]>[1], string[]][] = [
    ["down", nothingSeen("down"), ["NODE_DOWN"]],
    ["given up", { ...nothingSeen("down"), gaveUp: true }, ["NODE_GAVE_UP"]],
    ["hung", nothingSeen("unreachable"), ["NODE_UNREACHABLE"]],
    ["waiting for safe start", nothingSeen("waiting", "no Sentinel answers"), ["NODE_WAITING"]],
    ["rejecting our password", { ...nothingSeen("unreachable"), authError: true }, ["NODE_AUTH"]],
    ["loading", { state: "loading", link: "down" }, ["NODE_LOADING"]],
    ["without its link", { link: "down", lagSeconds: 12 }, ["REPLICA_LINK_DOWN"]],
    ["syncing", { link: "sync", priority: 0 }, ["REPLICA_SYNCING"]],
    ["behind by 10 MB", { lagBytes: 10_000_000 }, []],
    ["behind by more than 10 MB", { lagBytes: 10_000_001 }, ["REPLICA_LAGS"]],
    ["silent for 10 s", { lagSeconds: 10 }, []],
    ["silent for 11 s", { lagSeconds: 11 }, ["REPLICA_LAGS"]],
    [
      "of the wrong master",
      { follows: { host: "127.0.0.1", port: 6381 }, link: "down" },
      ["REPLICA_WRONG_MASTER"],
    ],
    ["synced but at priority 0", { priority: 0 }, ["REPLICA_NOT_PROMOTABLE"]],
    [
      "that cannot save",
      { persistence: { aofEnabled: true, lastSaveOk: false, lastAofWriteOk: true, lastAofRewriteOk: true } },
      ["SAVE_FAILING"],
    ],
    [
      "that cannot append",
      { persistence: { aofEnabled: true, lastSaveOk: true, lastAofWriteOk: false, lastAofRewriteOk: true } },
      ["AOF_FAILING"],
    ],
    [
      "without AOF, whose last AOF state is old news",
      {
        persistence: { aofEnabled: false, lastSaveOk: true, lastAofWriteOk: false, lastAofRewriteOk: false },
      },
      [],
    ],
  ];
  it.each(cases)("%s", (_, seen, codes) => {
    expect(bad(withReplica(seen))).toEqual(codes.map((code) => `${code} redis-slave-1`));
  });

  it("that is never to be promoted may have priority 0", () => {
    expect(bad(withReplica({ priority: 0 }, { configuredPriority: 0 }))).toEqual([]);
  });

  it("tells what to type: who restarts it depends on who runs and what was asked", () => {
    const down = nothingSeen("down");
    expect(find(withReplica(down), "NODE_DOWN").action).toBe("vedette logs redis-slave-1");
    expect(find(withReplica(down).steward({ running: false }), "NODE_DOWN").action).toBe("vedette up");
    const stopped = find(withReplica({ ...down, wanted: false }), "NODE_DOWN");
    expect(stopped).toMatchObject({ action: "vedette start redis-slave-1" });
    expect(stopped.message).toContain("on request");
  });

  it("of another version", () => {
    expect(bad(withReplica({ version: "7.2.4" }))).toEqual(["VERSION_MIX"]);
  });
});

describe("Sentinels", () => {
  it("too few to decide", () => {
    const built = cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .sentinel("redis-sentinel-1", { quorumOk: false, quorumMessage: "NOQUORUM 1 usable Sentinels." })
      .sentinelDown("redis-sentinel-2")
      .sentinelDown("redis-sentinel-3");
    expect(bad(built)).toEqual([
      "NO_QUORUM",
      "SENTINEL_DOWN redis-sentinel-2",
      "SENTINEL_DOWN redis-sentinel-3",
    ]);
  });

  it("one of three down still decides", () => {
    const built = cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .sentinels(2)
      .sentinelDown("redis-sentinel-3");
    expect(bad(built)).toEqual(["SENTINEL_DOWN redis-sentinel-3"]);
  });

  it("all of another opinion", () => {
    const at = (port: number) => ({ master: { host: "127.0.0.1", port } });
    const built = cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .replica("redis-slave-2")
      .sentinel("redis-sentinel-1", at(6379))
      .sentinel("redis-sentinel-2", { ...at(6380), masterNode: "redis-slave-1" })
      .sentinel("redis-sentinel-3", { ...at(6381), masterNode: "redis-slave-2" });
    expect(bad(built)).toEqual(["NO_MASTER"]);
    expect(find(built, "NO_MASTER").message).toContain("redis-sentinel-2 names redis-slave-1");
  });

  const cases: [string, Parameters<Built["sentinel"]>[1], string[]][] = [
    [
      "of another opinion",
      { master: { host: "127.0.0.1", port: 6380 }, masterNode: "redis-slave-1" },
      ["SENTINELS_DISAGREE"],
    ],
    ["in TILT", { tilt: true }, ["SENTINEL_TILT redis-sentinel-3"]],
    [
      "that holds the master for down",
      { flags: ["master", "s_down"] },
      ["SENTINEL_SEES_DOWN redis-sentinel-3"],
    ],
    ["that knows no replica", { replicas: [] }, ["SENTINEL_MISSES_REPLICA redis-sentinel-3"]],
    ["that knows one peer", { otherSentinels: 1 }, ["SENTINEL_MISSES_PEER redis-sentinel-3"]],
    ["that knows three peers", { otherSentinels: 3 }, ["SENTINEL_STALE_ENTRY redis-sentinel-3"]],
    [
      "without a quorum of its own",
      { quorumOk: false, quorumMessage: "NOQUORUM 1 usable Sentinels." },
      ["NO_QUORUM redis-sentinel-3"],
    ],
    [
      "that watches nothing",
      { master: null, masterNode: null, epoch: null, flags: [], quorumOk: false },
      ["SENTINEL_NOT_MONITORING redis-sentinel-3"],
    ],
    [
      "that rejects us",
      { up: false, authError: true, master: null, epoch: null, reason: "NOAUTH" },
      ["SENTINEL_AUTH redis-sentinel-3"],
    ],
    [
      "given up",
      { up: false, gaveUp: true, master: null, epoch: null, pid: null },
      ["NODE_GAVE_UP redis-sentinel-3"],
    ],
  ];
  it.each(cases)("one %s", (_, seen, expected) => {
    expect(bad(withSentinel(seen))).toEqual(expected);
  });

  it("of older news than the others", () => {
    const built = cluster()
      .master("redis-master")
      .replica("redis-slave-1")
      .sentinels(2, { epoch: 3 })
      .sentinel("redis-sentinel-3", { epoch: 2 });
    expect(bad(built)).toEqual(["SENTINELS_DISAGREE"]);
  });

  it("that remember a replica which is gone from the topology", () => {
    const gone = {
      host: "127.0.0.1",
      port: 6399,
      flags: ["slave", "s_down"],
      linkUp: false,
      priority: 100,
      offset: 1,
      runId: null,
    };
    const known = {
      host: "127.0.0.1",
      port: 6380,
      flags: ["slave"],
      linkUp: true,
      priority: 100,
      offset: 1,
      runId: null,
    };
    expect(bad(withSentinel({ replicas: [known, gone] }))).toEqual(["SENTINEL_STALE_ENTRY redis-sentinel-3"]);
  });
});

describe("the cluster", () => {
  const idle = { wanted: false };
  const gone = { wanted: false, pid: null };

  it("that was never started has one finding", () => {
    const built = cluster()
      .down("redis-master", idle)
      .down("redis-slave-1", idle)
      .sentinelDown("redis-sentinel-1", gone)
      .steward({ running: false });
    expect(judged(built)).toMatchObject([{ code: "NOT_STARTED", severity: "error", action: "vedette up" }]);
  });

  it("that should run and of which nothing runs has one too", () => {
    const built = cluster().down("redis-master").down("redis-slave-1").sentinelDown("redis-sentinel-1");
    expect(judged(built).map(({ code }) => code)).toEqual(["ALL_DOWN"]);
  });

  it("is not `not started` when a single process is there", () => {
    const built = cluster()
      .down("redis-master", idle)
      .down("redis-slave-1", idle)
      .sentinel("redis-sentinel-1");
    expect(judged(built).map(({ code }) => code)).toContain("NODE_DOWN");
  });

  it("misses its steward", () => {
    expect(bad(seedCluster().steward({ running: false, pid: null }))).toEqual(["STEWARD_DOWN"]);
  });

  it("gets advice on what it is too small for", () => {
    const built = cluster()
      .master(
        "redis-master",
        {},
        { appendOnly: false, directives: { save: [""], "maxmemory-policy": ["allkeys-lru"] } },
      )
      .sentinels(1);
    expect(judged(built).map(({ code, severity }) => `${code} ${severity}`)).toEqual([
      "FEW_SENTINELS info",
      "NO_REPLICAS info",
      "EVICTION info",
      "PERSISTENCE_OFF info",
    ]);
    expect(
      judged(
        cluster().master("a", {}, { host: "10.0.0.1" }).replica("b", {}, { host: "10.0.0.2" }).sentinels(3),
      ),
    ).toEqual([]);
  });

  it("tells errors before warnings before advice", () => {
    const built = withReplica({ link: "down" }).steward({ running: false });
    const severities = judged(built).map(({ severity }) => severity);
    expect(severities).toEqual(
      [...severities].sort(
        (a, b) => ["error", "warning", "info"].indexOf(a) - ["error", "warning", "info"].indexOf(b),
      ),
    );
    expect(new Set(severities).size).toBeGreaterThan(1);
  });
});

describe("docs/findings.md", () => {
  it("explains every code and no other, in the same order", () => {
    const text = readFileSync(new URL("../../docs/findings.md", import.meta.url), "utf8");
    const documented = [...text.matchAll(/^### ([A-Z_]+)$/gm)].map((match) => match[1]);
    expect(documented).toEqual([...FINDING_CODES]);
  });
});
