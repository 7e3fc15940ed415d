import { Redis } from "ioredis";
import { describe, expect, it } from "vitest";
import { sentinelConnector } from "./sentinel-connector.ts";
import { nodeAccess, reachable } from "./settings.ts";

describe("how nodes are reached", () => {
  it("follows ioredis' own options", () => {
    const access = { username: null, password: null, tls: null, disconnectTimeoutMs: 2_000 };
    expect(nodeAccess({})).toEqual(access);
    expect(nodeAccess(undefined)).toEqual(access);
    expect(nodeAccess({ password: "", username: undefined })).toEqual(access);
    expect(nodeAccess({ username: "app", password: "x", tls: { ca: "c" }, disconnectTimeout: 5 })).toEqual({
      username: "app",
      password: "x",
      tls: { ca: "c" },
      disconnectTimeoutMs: 5,
    });
    expect(nodeAccess({ tls: true }).tls).toEqual({});
  });

  it("goes through a map of addresses", () => {
    const inner = { host: "172.17.0.2", port: 6379 };
    const outer = { host: "127.0.0.1", port: 7001 };
    expect(reachable(inner, undefined)).toEqual(inner);
    expect(reachable(inner, { "172.17.0.2:6379": outer })).toEqual(outer);
    expect(reachable(inner, { "172.17.0.3:6379": outer })).toEqual(inner);
    expect(reachable(inner, (address) => (address === "172.17.0.2:6379" ? outer : null))).toEqual(outer);
    expect(reachable(inner, () => undefined)).toEqual(inner);
  });
});

describe("sentinelConnector", () => {
  it("refuses what cannot work", () => {
    expect(() => sentinelConnector({ sentinels: [], name: "mymaster" })).toThrow("no Sentinel is given");
    expect(() => sentinelConnector({ sentinels: [{ host: "h" }], name: "" })).toThrow("no name");
  });

  it("is never at its end while nobody answers, and says why", async () => {
    const sentinels = [{ host: "127.0.0.1", port: 1 }];
    const redis = new Redis({
      ...sentinelConnector({ sentinels, name: "mymaster" }),
      maxRetriesPerRequest: 0,
    });
    const told = new Promise<Error>((resolve) => redis.once("error", resolve));
    const write = redis.set("k", "v").catch((error: unknown) => error);
    expect((await told).message).toMatch(
      /looking for the master mymaster: .*127\.0\.0\.1:1: connection refused/,
    );
    expect(await write).toMatchObject({ name: "MaxRetriesPerRequestError" });
    expect(redis.status).not.toBe("end");
    redis.disconnect(); // between two attempts ioredis emits no `end`
  });

  it("survives a reconnect that is asked for in the middle of its search", async () => {
    const sentinels = [{ host: "127.0.0.1", port: 1 }];
    const redis = new Redis(sentinelConnector({ sentinels, name: "mymaster" }));
    redis.on("error", () => {});
    const again = new Promise((resolve) => redis.once("reconnecting", resolve));
    redis.disconnect(true);
    await again;
    const ended = new Promise((resolve) => redis.once("end", resolve));
    redis.once("connecting", () => redis.disconnect());
    await ended;
  });
});
