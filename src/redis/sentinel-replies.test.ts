import { describe, expect, it } from "vitest";
import { RedisError } from "./redis-error.ts";
import {
  parseAddress,
  parseMaster,
  parsePeers,
  parsePeriods,
  parseQuorum,
  parseReplicas,
} from "./sentinel-replies.ts";

const flat = (fields: Record<string, string>) => Object.entries(fields).flat();

describe("SENTINEL replies", () => {
  it("reads a master", () => {
    const reply = flat({
      name: "mymaster",
      ip: "127.0.0.1",
      port: "6379",
      runid: "",
      flags: "s_down,o_down,master,failover_in_progress",
      "config-epoch": "7",
      quorum: "2",
      "num-slaves": "3",
      "num-other-sentinels": "2",
      "down-after-milliseconds": "5000",
      "invented-later": "x",
    });
    expect(parseMaster(reply)).toEqual({
      name: "mymaster",
      host: "127.0.0.1",
      port: 6379,
      runId: null,
      flags: ["s_down", "o_down", "master", "failover_in_progress"],
      configEpoch: 7,
      quorum: 2,
      replicas: 3,
      otherSentinels: 2,
      downAfterMs: 5000,
      failoverTimeoutMs: null,
      parallelSyncs: null,
      silentMs: null,
    });
  });

  it("reads the periods, and nothing where there are none to read", () => {
    const reply = flat({
      "INFO-PERIOD": "10000",
      "PING-PERIOD": "250",
      "ASK-PERIOD": "1000",
      "PUBLISH-PERIOD": "2000",
      "DEFAULT-DOWN-AFTER": "30000",
      "TILT-PERIOD": "30000",
    });
    expect(parsePeriods(reply)).toEqual({ ping: 250, info: 10_000, ask: 1000, publish: 2000, tilt: 30_000 });
    expect(parsePeriods(flat({ "INFO-PERIOD": "10000" }))).toBeNull();
    expect(parsePeriods(new Error("ERR Unknown sentinel subcommand 'DEBUG'"))).toBeNull();
  });

  it("reads replicas, also one that has never answered", () => {
    const replicas = parseReplicas([
      flat({
        ip: "127.0.0.1",
        port: "6380",
        flags: "slave",
        "master-link-status": "ok",
        "slave-priority": "100",
        "slave-repl-offset": "42",
        "master-host": "127.0.0.1",
        "master-port": "6379",
      }),
      flat({
        ip: "127.0.0.1",
        port: "6381",
        flags: "s_down,slave,disconnected",
        "master-host": "?",
        "master-port": "0",
      }),
      flat({ port: "6382" }),
    ]);
    expect(replicas).toMatchObject([
      { port: 6380, linkUp: true, priority: 100, offset: 42, masterHost: "127.0.0.1", masterPort: 6379 },
      {
        port: 6381,
        linkUp: false,
        priority: null,
        flags: ["s_down", "slave", "disconnected"],
        masterHost: null,
        masterPort: null,
      },
    ]);
  });

  it("reads peers and addresses", () => {
    expect(parsePeers([flat({ ip: "::1", port: "26380", runid: "ab", flags: "sentinel" })])).toEqual([
      { host: "::1", port: 26380, runId: "ab", flags: ["sentinel"] },
    ]);
    expect(parseAddress(["127.0.0.1", "6379"])).toEqual({ host: "127.0.0.1", port: 6379 });
    expect(parseAddress(null)).toBeNull();
    expect(parseAddress(["127.0.0.1", "nonsense"])).toBeNull();
  });

  it("tells a quorum's yes, no and no answer apart", () => {
    const no = "NOQUORUM 1 usable Sentinels. Not enough available Sentinels to reach the majority";
    expect(parseQuorum("OK 3 usable Sentinels.")).toEqual({ ok: true, message: "OK 3 usable Sentinels." });
    expect(parseQuorum(new RedisError("reply", "SENTINEL CKQUORUM h:1", no, new Error(no)))).toEqual({
      ok: false,
      message: no,
    });
    expect(parseQuorum(new Error("ERR No such master with that name")).ok).toBe(false);
    expect(parseQuorum(new Error("NOPERM this user has no permissions")).ok).toBeNull();
  });

  it.each([[null], [new Error("ERR")], [[]], ["OK"], [[1, 2, 3]], [[["ip"]]]])(
    "is not upset by %j",
    (reply) => {
      expect(() => [
        parseMaster(reply),
        parseReplicas(reply),
        parsePeers(reply),
        parseAddress(reply),
      ]).not.toThrow();
      expect(parseReplicas(reply)).toEqual([]);
    },
  );
});
