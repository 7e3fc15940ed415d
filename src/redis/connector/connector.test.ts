import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../clock.ts";
import { FakeRedis } from "../../../test/kit/fake-redis.ts";
import { sentinelConnector } from "./sentinel-connector.ts";
import type { SentinelSettings } from "./settings.ts";

interface Address {
  host: string;
  port: number;
}

/** What the fakes answer; a test changes it as it goes. */
interface World {
  roles: Map<string, "master" | "slave">;
  named: { master: Address; epoch: number; promoting?: Address }[];
}

const NAME = "mymaster";
const SOON = { deadlineMs: 5_000, everyMs: 5 };
let world: World;
let nodes: FakeRedis[];
let sentinels: FakeRedis[];
let redis: Redis;
const [A, B] = [() => address(0), () => address(1)];

beforeEach(async () => {
  world = { roles: new Map([["0", "master"]]), named: [] };
  nodes = await Promise.all([0, 1].map((at) => FakeRedis.start((command) => node(String(at), command))));
  sentinels = await Promise.all(
    [0, 1, 2].map((at) => FakeRedis.start((_, [what = ""]) => sentinel(at, what))),
  );
  world.named = sentinels.map(() => ({ master: A(), epoch: 1 }));
});

afterEach(async () => {
  redis.disconnect();
  await Promise.all([...nodes, ...sentinels].map((each) => each.stop()));
});

function address(at: number): Address {
  const found = nodes[at]?.address;
  if (found === undefined) throw new Error(`no node ${at}`);
  return found;
}

function node(id: string, command: string) {
  const role = world.roles.get(id) ?? "slave";
  if (command === "ROLE") return [role, 0, []];
  return command === "INFO" ? `role:${role}\r\nloading:0\r\n` : command === "GET" ? id : "OK";
}

function sentinel(at: number, what: string) {
  const { master, epoch, promoting } = world.named[at] ?? { master: A(), epoch: 0 };
  const place = ({ host, port }: Address) => ["ip", host, "port", String(port)];
  if (what === "MASTER") return ["name", NAME, ...place(master), "config-epoch", String(epoch)];
  if (what === "REPLICAS")
    return promoting === undefined ? [] : [[...place(promoting), "flags", "slave,promoted"]];
  return [master.host, String(master.port)];
}

function client(more: Partial<SentinelSettings> = {}): Redis {
  const connector = sentinelConnector({
    sentinels: sentinels.map((each) => each.address),
    name: NAME,
    recheckMs: 50,
    ...more,
  });
  redis = new Redis({ ...connector, protocol: 2 });
  redis.on("error", () => {});
  return redis;
}

function onNode(at: number): Promise<boolean | null> {
  return until(async () => (await redis.get("who")) === String(at), SOON);
}

async function chosen(at: Address): Promise<void> {
  expect(await until(async () => sentinels.every((each) => each.listeners > 0), SOON)).toBe(true);
  const who = `slave ${at.host}:${at.port} ${at.host} ${at.port} @ ${NAME} ${A().host} ${A().port}`;
  sentinels[0]?.publish("+failover-state-wait-promotion", who);
}

describe("the connector", () => {
  it("goes where the highest epoch is, though two of three tell otherwise", async () => {
    world.named[2] = { master: B(), epoch: 2 };
    world.roles.set("1", "master");
    client();
    expect(await redis.get("who")).toBe("1");
  });

  it("does not use a node that is no master, whoever names it", async () => {
    world.roles.set("0", "slave");
    client();
    const answer = redis.get("who");
    expect(await until(async () => sentinels.every((each) => each.listeners > 0), SOON)).toBe(true);
    world.roles.set("1", "master");
    world.named = world.named.map(() => ({ master: B(), epoch: 2 }));
    expect(await answer).toBe("1");
  });

  it("waits for the chosen replica to be master, and moves then", async () => {
    client();
    expect(await redis.get("who")).toBe("0");
    await chosen(B());
    const answer = redis.get("who");
    world.named = world.named.map(() => ({ master: B(), epoch: 2 }));
    world.roles.set("1", "master");
    await answer;
    expect(await onNode(1)).toBe(true);
  });

  it("moves back when the Sentinels go on naming the other, and it is master", async () => {
    client();
    expect(await redis.get("who")).toBe("0");
    world.roles.set("1", "master");
    await chosen(B());
    expect(await onNode(1)).toBe(true);
    expect(await onNode(0)).toBe(true);
  });

  it("stays while a Sentinel is promoting its node, until the others have heard", async () => {
    client();
    expect(await redis.get("who")).toBe("0");
    world.roles.set("1", "master");
    world.named[0] = { master: A(), epoch: 1, promoting: B() };
    await chosen(B());
    expect(await onNode(1)).toBe(true);
    let moved = 0;
    redis.on("close", () => moved++);
    // allow-sleep: several rechecks must pass without a move
    await new Promise((resolve) => setTimeout(resolve, 400));
    expect(moved).toBe(0);
    expect(await redis.get("who")).toBe("1");
  });

  it("leaves a replica that is never promoted", async () => {
    client();
    expect(await redis.get("who")).toBe("0");
    await chosen(B());
    expect(await onNode(0)).toBe(true);
  });

  it("reaches nodes through a map of addresses", async () => {
    world.named = world.named.map(() => ({ master: { host: "172.17.0.2", port: 6379 }, epoch: 1 }));
    client({ natMap: { "172.17.0.2:6379": A() } });
    expect(await redis.get("who")).toBe("0");
  });

  it("ends its subscriptions with the client, by disconnect and by quit", async () => {
    for (const end of ["disconnect", "quit"] as const) {
      client();
      await redis.get("who");
      expect(await until(async () => sentinels.every((each) => each.listeners > 0), SOON)).toBe(true);
      const ended = new Promise((resolve) => redis.once("end", resolve));
      if (end === "disconnect") redis.disconnect();
      else await redis.quit();
      await ended;
      expect(await until(async () => sentinels.every((each) => each.listeners === 0), SOON)).toBe(true);
    }
  });
});
