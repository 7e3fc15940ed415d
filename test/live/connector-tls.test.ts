import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { sentinelConnector } from "../../src/redis/connector/sentinel-connector.ts";
import { hasOpenssl, NAME, TlsCluster, USER } from "../kit/tls-cluster.ts";

// Without the openssl command line nobody here can issue certificates.
describe.skipIf(!hasOpenssl())("a client of a cluster with TLS and ACL users only", () => {
  let cluster: TlsCluster;
  const clients: Redis[] = [];
  beforeAll(async () => {
    cluster = await TlsCluster.start();
  });
  afterAll(async () => {
    for (const redis of clients) redis.disconnect();
    await cluster.stop();
  });

  function client(
    more: { username?: string; password?: string; tls?: object; maxRetriesPerRequest?: number } = {},
  ): Redis {
    const connector = sentinelConnector({
      sentinels: cluster.sentinelPorts.map((port) => ({ host: "127.0.0.1", port })),
      name: NAME,
      sentinelUsername: USER.username,
      sentinelPassword: USER.password,
      sentinelTls: cluster.tls,
    });
    const redis = new Redis({ ...connector, ...USER, tls: cluster.tls, db: 3, ...more });
    redis.on("error", () => {});
    clients.push(redis);
    return redis;
  }

  it("tells of a wrong password, and is not at its end", async () => {
    const redis = client({ password: "wrong" });
    await expect(redis.set("k", 1)).rejects.toThrow("WRONGPASS");
    expect(redis.status).not.toBe("end");
  });

  it("does not trust a certificate of somebody else", async () => {
    const redis = client({ tls: {}, maxRetriesPerRequest: 0 });
    const told = new Promise<Error>((resolve) => redis.once("error", resolve));
    await expect(redis.set("k", 1)).rejects.toThrow();
    expect((await told).message).toMatch(/looking for the master tlsmaster: .*(certificate|self-signed)/);
  });

  it("works without the right to ask for the role", async () => {
    for (const port of cluster.ports) {
      await cluster.call(port, "ACL", "SETUSER", "plain", "on", ">plain", "~*", "+@all", "-role");
    }
    const redis = client({ username: "plain", password: "plain" });
    expect(await redis.set("k", "plain")).toBe("OK");
  });

  it("follows a failover", async () => {
    const redis = client();
    expect(await redis.set("k", 1)).toBe("OK");
    const old = redis.stream.remotePort ?? 0;
    cluster.kill(old);
    expect(await redis.set("k", 2)).toBe("OK");
    expect(cluster.ports).toContain(redis.stream.remotePort);
    expect(redis.stream.remotePort).not.toBe(old);
    expect(await until(async () => (await redis.get("k")) === "2", { deadlineMs: 5_000 })).toBe(true);
  });
});
