import { describe, expect, it } from "vitest";
import { UsageError } from "../errors.ts";
import {
  BENCH_PREFIX,
  BENCH_TESTS,
  commandOf,
  estimateBytes,
  keyspace,
  parseCsv,
  readSettings,
  trafficBytes,
} from "./benchmark-plan.ts";

describe("settings", () => {
  it("have the defaults that the help names", () => {
    expect(readSettings({})).toEqual({
      requests: 100_000,
      clients: 50,
      dataSize: 64,
      pipeline: 1,
      tests: ["set", "get"],
      replicas: false,
    });
  });

  it.each([
    [{ requests: "0" }, "--requests 0"],
    [{ requests: "1e3" }, "--requests 1e3"],
    [{ clients: "-5" }, "--clients -5"],
    [{ clients: "10001" }, "--clients 10001"],
    [{ dataSize: "1.5" }, "--data-size 1.5"],
    [{ dataSize: "100001" }, "--data-size 100001"],
    [{ pipeline: "" }, "--pipeline"],
    [{ tests: "set,zadd" }, '"zadd"'],
    [{ tests: "" }, '""'],
  ])("refuse %j", (words, named) => {
    expect(() => readSettings(words)).toThrow(UsageError);
    expect(() => readSettings(words)).toThrow(named);
  });

  it("take tests in any order and case, each once, and run SET before GET", () => {
    expect(readSettings({ tests: "PING, get,set,get" }).tests).toEqual(["set", "get", "ping"]);
  });
});

it.each(BENCH_TESTS)("%s touches no key but the benchmark's", (test) => {
  const [, key] = commandOf(test, readSettings({}));
  if (test === "ping") expect(key).toBeUndefined();
  else expect(key?.startsWith(BENCH_PREFIX)).toBe(true);
});

describe("the estimate", () => {
  it("grows with the requests only where they add up", () => {
    const estimate = (tests: string, requests: string) => estimateBytes(readSettings({ tests, requests }));
    expect(estimate("set", "1000000")).toBe(estimate("set", "10000"));
    expect(estimate("lpush", "1000000")).toBeGreaterThan(1_000_000 * 64);
    expect(estimate("lpush", "10000")).toBeLessThan(5_000_000);
  });

  it("counts the keys that SET and GET share once, and those for replicas at all", () => {
    const estimate = (tests: string, replicas = false) => estimateBytes(readSettings({ tests, replicas }));
    expect(estimate("set,get")).toBe(estimate("set"));
    expect(estimate("ping", true)).toBeGreaterThan(estimate("ping") + 10_000 * 64);
  });

  it("knows what goes to the replicas: writes, and the keys that GET reads", () => {
    const traffic = (tests: string) => trafficBytes(readSettings({ tests, requests: "1000000" }));
    expect(traffic("ping")).toBe(0);
    expect(traffic("set")).toBeGreaterThan(1_000_000 * (64 + 26));
    expect(traffic("get")).toBeLessThan(traffic("set") / 50);
    expect(traffic("get")).toBeGreaterThan(10_000 * 64);
  });

  it("does not count more keys than there are requests", () => {
    expect(keyspace(readSettings({ requests: "10" }))).toBe(10);
  });
});

describe("redis-benchmark's CSV", () => {
  const head =
    '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms","p99_latency_ms","max_latency_ms"';

  it("gives the figures, whatever the title holds", () => {
    const text = `WARNING: Could not fetch server CONFIG\n${head}\n"SET a,"1","2" x","40000.00","0.114","0.008","0.087","0.175","0.551","4.231"\n`;
    expect(parseCsv(text)).toEqual({
      requestsPerSecond: 40_000,
      p50Ms: 0.087,
      p95Ms: 0.175,
      p99Ms: 0.551,
      maxMs: 4.231,
    });
  });

  it("knows no latencies where Redis prints none (before 6.2)", () => {
    expect(parseCsv('"SET key x","40000.00"\n')).toEqual({
      requestsPerSecond: 40_000,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      maxMs: null,
    });
  });

  it("is nothing when there are no figures", () => {
    expect(parseCsv(`${head}\n`)).toBeNull();
    expect(parseCsv("Error from server: NOAUTH\n")).toBeNull();
  });
});
