import { Redis } from "ioredis";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { connect, type RedisConnection } from "../../src/redis/client.ts";
import { confirmedWrites } from "../../src/redis/confirmed.ts";
import { sentinelConnector } from "../../src/redis/connector/sentinel-connector.ts";
import type { SentinelSettings } from "../../src/redis/connector/settings.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

let cluster: LiveCluster;
const clients: { disconnect(): void }[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) client.disconnect();
  await cluster.destroy();
});

function client(more: Partial<SentinelSettings> = {}): Redis {
  const sentinels = cluster.topology.sentinel.nodes.map(({ host, port }) => ({ host, port }));
  const redis = new Redis({ ...sentinelConnector({ sentinels, name: cluster.topology.name, ...more }) });
  redis.on("error", () => {}); // what counts is what it writes
  clients.push(redis);
  return redis;
}

/** The port that the client is connected to; 0 for none. */
const portOf = (redis: Redis) => (redis.status === "ready" ? (redis.stream.remotePort ?? 0) : 0);

async function masterPort(): Promise<number> {
  const id = await cluster.master();
  return cluster.topology.redis.nodes.find((node) => node.id === id)?.port ?? -1;
}

/** The Sentinels hear of the promotion later than the client, and name the same node then. */
async function agreed(redis: Redis): Promise<void> {
  const same = async () => portOf(redis) === (await masterPort());
  expect(await until(same, { deadlineMs: 10_000 })).toBe(true);
}

/** Writes numbers one after the other and remembers what was acknowledged. */
function writing(redis: Redis) {
  const acknowledged: number[] = [];
  const ending = new AbortController();
  const loop = (async () => {
    for (let n = 0; !ending.signal.aborted; n++) {
      const done = await redis.set(`n:${n}`, n).catch(() => null);
      if (done === "OK") acknowledged.push(n);
    }
  })();
  return {
    acknowledged,
    again: async () => {
      const from = acknowledged.length;
      const more = async () => acknowledged.length > from + 10;
      expect(await until(more, { deadlineMs: 30_000, everyMs: 10 })).toBe(true);
    },
    stop: async () => {
      ending.abort();
      await loop;
      const values = await redis.mget(acknowledged.map((n) => `n:${n}`));
      return acknowledged.filter((n, at) => values[at] !== String(n));
    },
  };
}

/** When a Sentinel first told its subscribers of the switch: performance.now(), or null. */
async function switchTold(): Promise<() => number | null> {
  let at: number | null = null;
  for (const { host, port } of cluster.topology.sentinel.nodes) {
    const sentinel: RedisConnection = await connect({ host, port, deadlineMs: 1_000 });
    clients.push({ disconnect: () => sentinel.close() });
    await sentinel.subscribe("+switch-master", () => {
      at ??= performance.now();
    });
  }
  return () => at;
}

describe("a client with the connector", () => {
  it.each(["kill", "hang", "failover"] as const)("moves before +switch-master: %s", async (how) => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.settled();
    const redis = client();
    const load = writing(redis);
    await load.again();
    const old = portOf(redis);
    const told = await switchTold();
    const moved = until(async () => (![0, old].includes(portOf(redis)) ? performance.now() : null), {
      deadlineMs: 30_000,
      everyMs: 5,
    });
    if (how === "failover") {
      await cluster.call("redis-sentinel-1", "SENTINEL", "FAILOVER", cluster.topology.name);
    } else await cluster.runtime.fault("redis-master", how);
    const movedAt = await moved;
    await cluster.eventually(
      "the Sentinels agree",
      (now) => ![null, "redis-master"].includes(now.master?.node ?? null),
    );
    await until(async () => told() !== null, { deadlineMs: 10_000 });
    expect(movedAt).not.toBeNull();
    expect(movedAt).toBeLessThan(told() ?? 0);
    await load.again();
    await agreed(redis);
    const lost = await load.stop();
    // A hung or killed master may have acknowledged a write that no replica had yet; a live one had its time.
    if (how === "failover") expect(lost).toEqual([]);
    if (how === "hang") await cluster.runtime.fault("redis-master", "continue");
  });

  it("follows after all Sentinels were restarted", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    const redis = client();
    await redis.set("k", 1);
    await cluster.kill(...cluster.sentinels());
    await redis.set("k", 2);
    await cluster.start(...cluster.sentinels());
    await cluster.hurry();
    await cluster.settled();
    await cluster.kill("redis-master");
    await redis.set("k", 3);
    await agreed(redis);
    expect(redis.status).toBe("ready");
  });

  it("is not delayed by a Sentinel that hangs", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.settled();
    await cluster.runtime.fault("redis-sentinel-1", "hang");
    const patience = 20_000;
    const begun = performance.now();
    const redis = client({ timeoutMs: patience });
    await redis.set("k", 1);
    await cluster.kill("redis-master");
    await redis.set("k", 2);
    expect(performance.now() - begun).toBeLessThan(patience);
    await agreed(redis);
    await cluster.runtime.fault("redis-sentinel-1", "continue");
  });

  it("waits for a master that restarts, and goes on", async () => {
    cluster = await LiveCluster.create("sentinel: { port: SENTINELS, downAfter: 20s }");
    await cluster.up();
    const redis = client();
    await redis.set("k", 1);
    await cluster.kill("redis-master");
    await cluster.start("redis-master");
    // Until the Sentinels have confirmed it a started master answers NOREPLICAS.
    const written = async () => redis.set("k", 2).catch(() => null);
    expect(await until(written, { deadlineMs: 20_000 })).toBe("OK");
    expect(await redis.get("k")).toBe("2");
  });
});

describe("confirmed writes", () => {
  it("are refused or unknown without enough replicas, and never lost once they are ok", async () => {
    cluster = await LiveCluster.create("durability: confirmed");
    await cluster.up();
    await cluster.settled();
    const redis = client();
    const confirm = confirmedWrites(redis, { replicas: 3, timeoutMs: 500 });
    const ok: number[] = [];
    const unknown: string[] = [];
    const ending = new AbortController();
    const loop = (async () => {
      for (let n = 0; !ending.signal.aborted; n++) {
        const done = await confirm((commands) => commands.set(`c:${n}`, n));
        if (done.outcome === "ok") ok.push(n);
        else unknown.push(done.why);
      }
    })();
    const more = async (count = ok.length) => {
      expect(await until(async () => ok.length > count + 20, { deadlineMs: 30_000, everyMs: 10 })).toBe(true);
    };
    await more();
    await cluster.kill("redis-master");
    await cluster.eventually(
      "a failover",
      (now) => ![null, "redis-master"].includes(now.master?.node ?? null),
    );
    await more();
    // Two replicas are left, both are needed: without one of them the master takes no write that it could lose.
    const master = await cluster.master();
    const [victim = ""] = cluster.redis().filter((id) => id !== master && id !== "redis-master");
    await cluster.kill(victim);
    expect(
      await until(async () => unknown.some((why) => why.startsWith("NOREPLICAS")), { deadlineMs: 10_000 }),
    ).toBe(true);
    const before = ok.length;
    await until(async () => unknown.length > 50, { deadlineMs: 5_000 });
    expect(ok.length - before).toBeLessThanOrEqual(1);
    ending.abort();
    await loop;
    const values = await redis.mget(ok.map((n) => `c:${n}`));
    expect(ok.filter((n, at) => values[at] !== String(n))).toEqual([]);
  });
});
