import { describe, expect, it } from "vitest";
import {
  bindAddress,
  canonicalHost,
  isHost,
  isIp,
  isLoopback,
  isWildcard,
  redisIds,
  sentinelIds,
} from "./names.ts";
import { closest, distance } from "./suggest.ts";

describe("node names", () => {
  it("are the seed's", () => {
    expect(redisIds(3)).toEqual(["redis-master", "redis-slave-1", "redis-slave-2", "redis-slave-3"]);
    expect(redisIds(0)).toEqual(["redis-master"]);
    expect(sentinelIds(2)).toEqual(["redis-sentinel-1", "redis-sentinel-2"]);
  });
});

describe("addresses", () => {
  it("knows what only this machine can reach", () => {
    const loopback = [
      "127.0.0.1",
      "127.8.9.1",
      "::1",
      "0:0:0:0:0:0:0:1",
      "localhost",
      "LocalHost",
      "::ffff:127.0.0.1",
    ];
    expect(loopback.filter((host) => !isLoopback(host))).toEqual([]);
    const open = [
      "0.0.0.0",
      "::",
      "*",
      "10.0.0.1",
      "128.0.0.1",
      "example.org",
      "127.example.org",
      "::2",
      "localhost.x",
    ];
    expect(open.filter(isLoopback)).toEqual([]);
  });

  it("knows wildcards in every spelling", () => {
    expect(["*", "0.0.0.0", "::", "::*", "0::0"].filter((host) => !isWildcard(host))).toEqual([]);
    expect(["127.0.0.1", "::1", "a"].filter(isWildcard)).toEqual([]);
  });

  it("reads bind entries as Redis does", () => {
    expect(["-::1", "127.0.0.1", "localhost", "-127.0.0.1"].map(bindAddress)).toEqual([
      "::1",
      "127.0.0.1",
      "127.0.0.1",
      "127.0.0.1",
    ]);
    expect(canonicalHost("[::1]")).toBe("::1");
    expect(canonicalHost("0:0:0:0:0:0:0:1")).toBe("::1");
    expect(canonicalHost("FE80::00AB")).toBe("fe80::ab");
    expect(canonicalHost("::ffff:127.0.0.1")).toBe("::ffff:127.0.0.1");
    expect(canonicalHost("::*")).toBe("::*");
  });

  it("tells addresses, host names and slips apart", () => {
    expect(["1.2.3.4", "fe80::1", "::"].filter((host) => !isIp(host))).toEqual([]);
    expect(["a.example", "redis-1", "x_y"].filter((host) => !isHost(host) || isIp(host))).toEqual([]);
    expect(["1.2.3", "1.2.3.256", "a b", "", "-a", "a..b", "a/b", ":::", "01.2.3.4"].filter(isHost)).toEqual(
      [],
    );
  });
});

describe("did you mean", () => {
  it("counts edits, a swap as one", () => {
    expect(distance("kitten", "sitting")).toBe(3);
    expect(distance("prot", "port")).toBe(1);
    expect(distance("", "ab")).toBe(2);
  });

  it("gives the nearest within the limit, and nothing for something else", () => {
    expect(closest("maxmemroy", ["maxclients", "maxmemory", "maxmemory-policy"])).toBe("maxmemory");
    expect(closest("timeouts", ["timeout", "hz"])).toBe("timeout");
    expect(closest("xy", ["hz"])).toBeNull();
    expect(closest("search.timeout", ["timeout"])).toBeNull();
  });
});
