import { describe, expect, it } from "vitest";
import { loadTopology, parseTopology } from "./load.ts";
import { allNodes, findNode, type RedisNode, type Topology } from "./model.ts";
import { PROFILES, PROFILE_DIRECTIVES, SIZE_DIRECTIVES } from "./profiles.ts";
import { directiveLines } from "./values.ts";

const load = (text: string) => parseTopology(text, "/srv/app/vedette.yaml", "vedette.yaml").topology;

function redis(topology: Topology, id: string): RedisNode {
  const node = findNode(topology, id);
  if (node?.kind !== "redis") throw new Error(`no Redis node ${id}`);
  return node;
}

/** The lines of a directive as text. */
function lines(node: { directives: { name: string; args: string[] }[] }, name: string): string[] {
  return node.directives.filter((directive) => directive.name === name).map(({ args }) => args.join(" "));
}

describe("defaults", () => {
  const { topology, advice } = loadTopology(null, "/nowhere");

  it("are the seed's cluster", () => {
    expect(allNodes(topology).map((node) => `${node.id} ${node.host}:${node.port}`)).toEqual([
      "redis-master 127.0.0.1:6379",
      "redis-slave-1 127.0.0.1:6380",
      "redis-slave-2 127.0.0.1:6381",
      "redis-slave-3 127.0.0.1:6382",
      "redis-sentinel-1 127.0.0.1:26379",
      "redis-sentinel-2 127.0.0.1:26380",
      "redis-sentinel-3 127.0.0.1:26381",
    ]);
    const { nodes: _, ...sentinel } = topology.sentinel;
    expect(sentinel).toEqual({
      quorum: 2,
      downAfterMs: 5000,
      startDownAfterMs: 5000,
      failoverTimeoutMs: 10_000,
      parallelSyncs: 1,
      periods: { ping: 1000, info: 10_000, ask: 1000, publish: 2000, tilt: 30_000 },
    });
    expect(topology).toMatchObject({
      name: "mymaster",
      runtime: "local",
      production: false,
      stateDir: "/nowhere/.vedette/mymaster",
      backupDir: "/nowhere/backups",
      security: { passwordFile: null },
      supervise: { restarts: 5, windowMs: 60_000 },
      logs: { maxBytes: 10_485_760, keep: 5 },
    });
    expect(advice).toEqual([]);
  });

  it("keep an append-only file, bound memory and leave room for partial resyncs", () => {
    for (const node of topology.redis.nodes) {
      expect(lines(node, "appendonly")).toEqual(["yes"]);
      expect(lines(node, "appendfsync")).toEqual(["everysec"]);
      expect(lines(node, "maxmemory")).toEqual(["256mb"]);
      expect(lines(node, "maxmemory-policy")).toEqual(["allkeys-lru"]);
      expect(lines(node, "repl-backlog-size")).toEqual(["64mb"]);
      expect(lines(node, "repl-diskless-sync-max-replicas")).toEqual(["3"]);
      expect(node).toMatchObject({
        priority: 100,
        minReplicas: { toWrite: 0, maxLag: 10 },
        appendOnly: true,
      });
      expect(node.dataDir).toBe(`/nowhere/.vedette/mymaster/redis/${node.id}/data`);
    }
  });

  it("are what an empty file gives", () => {
    const empty = parseTopology("# nothing\n", "/nowhere/vedette.yaml", "vedette.yaml").topology;
    expect({ ...empty, file: null }).toEqual(topology);
  });
});

describe("layers", () => {
  it("let the file win over profile, profile over size, and a node over all", () => {
    const text = `
size: large
profile: [store, write-heavy]
redis:
  config: { maxmemory: 2gb, replica-priority: 50 }
  nodes:
    redis-slave-2: { config: { maxmemory: 3gb, slave-priority: 0, min-replicas-to-write: 0, appendonly: no } }
`;
    const topology = load(text);
    expect(lines(redis(topology, "redis-master"), "maxmemory")).toEqual(["2gb"]);
    expect(lines(redis(topology, "redis-slave-2"), "maxmemory")).toEqual(["3gb"]);
    expect(lines(redis(topology, "redis-master"), "maxmemory-policy")).toEqual(["noeviction"]);
    expect(redis(topology, "redis-slave-1")).toMatchObject({
      priority: 50,
      minReplicas: { toWrite: 1, maxLag: 10 },
    });
    expect(redis(topology, "redis-slave-2")).toMatchObject({
      priority: 0,
      minReplicas: { toWrite: 0, maxLag: 10 },
      appendOnly: false,
    });
  });

  it.each<[string, string, string]>([
    ["", "0", "10"],
    ["profile: store", "1", "10"],
    ["durability: async\nprofile: store", "1", "10"],
    ["durability: fenced", "1", "3"],
    ["durability: fenced\nprofile: store", "1", "3"],
    ["durability: confirmed", "2", "3"],
    ["durability: confirmed\nprofile: store\nredis: { replicas: 4 }", "3", "3"],
    ["durability: confirmed\nredis: { replicas: 1 }", "1", "3"],
    [
      "durability: fenced\nredis: { config: { min-replicas-to-write: 2, min-replicas-max-lag: 1 } }",
      "2",
      "1",
    ],
  ])("fence writes as the durability asks: %j", (text, toWrite, maxLag) => {
    const node = redis(load(text), "redis-slave-1");
    expect(lines(node, "min-replicas-to-write")).toEqual([toWrite]);
    expect(lines(node, "min-replicas-max-lag")).toEqual([maxLag]);
    expect(node.minReplicas, "what lifting the start fence sets").toEqual({
      toWrite: Number(toWrite),
      maxLag: Number(maxLag),
    });
  });

  it("replace every line of a directive that stands several times", () => {
    expect(lines(redis(load(""), "redis-master"), "save")).toEqual(["3600 1", "300 100", "60 10000"]);
    const topology = load(
      'redis: { config: { save: [900 1] }, nodes: { redis-slave-1: { config: { save: "" } } } }',
    );
    expect(lines(redis(topology, "redis-master"), "save")).toEqual(["900 1"]);
    expect(lines(redis(topology, "redis-slave-1"), "save")).toEqual([""]);
  });

  it("remember where each value came from", () => {
    const topology = load("size: small\nprofile: store\nredis:\n  config:\n    hz: 20\n");
    const origin = (name: string) =>
      redis(topology, "redis-master").directives.find((directive) => directive.name === name)?.origin;
    expect(origin("appendonly")).toEqual({ from: "default" });
    expect(origin("maxmemory")).toEqual({ from: "size", name: "small" });
    expect(origin("maxmemory-policy")).toEqual({ from: "profile", name: "store" });
    expect(origin("hz")).toEqual({ from: "file", key: "redis.config.hz", line: 5, column: 5 });
    expect(origin("repl-diskless-sync-max-replicas")).toMatchObject({ from: "derived" });
  });

  it("hold only values that a topology file could set as well", () => {
    const sets = [...Object.values(SIZE_DIRECTIVES), ...PROFILES.map((name) => PROFILE_DIRECTIVES[name])];
    for (const [name, values] of sets.flatMap((set) => Object.entries(set))) {
      expect(directiveLines("redis", name, values.map((args) => args.join(" ")).join(""))).toEqual({
        lines: values,
      });
    }
  });
});

describe("addresses", () => {
  it("count ports from the first, and let a node have its own", () => {
    const topology = load("redis: { replicas: 2, port: 7000, nodes: { redis-slave-1: { port: 8000 } } }");
    expect(topology.redis.nodes.map((node) => node.port)).toEqual([7000, 8000, 7002]);
  });

  it("prefer what is announced, else the first bound address; localhost is an address", () => {
    const text = "security: { passwordFile: p }\nbind: [10.0.0.1, 127.0.0.1]\n";
    expect(redis(load(text), "redis-master")).toMatchObject({ host: "10.0.0.1", announced: false });
    expect(redis(load(`${text}announce: db.example\n`), "redis-master")).toMatchObject({
      host: "db.example",
      announced: true,
      bind: ["10.0.0.1", "127.0.0.1"],
    });
    expect(redis(load("bind: localhost -::1"), "redis-master")).toMatchObject({
      bind: ["localhost", "-::1"],
      host: "127.0.0.1",
    });
  });

  it("are announced by all as soon as two nodes differ", () => {
    const topology = load("redis: { nodes: { redis-slave-1: { bind: 127.0.0.2 } } }");
    expect(allNodes(topology).every((node) => node.announced)).toBe(true);
    expect(allNodes(load("")).some((node) => node.announced)).toBe(false);
  });

  it("that are host names make the Sentinels resolve and announce names", () => {
    const text = "security: { passwordFile: p }\nbind: 0.0.0.0\nannounce: db.example\n";
    for (const node of load(text).sentinel.nodes) {
      expect(lines(node, "sentinel")).toContain("resolve-hostnames yes");
      expect(lines(node, "sentinel")).toContain("announce-hostnames yes");
    }
    expect(lines(load("").sentinel.nodes[0], "sentinel")).toEqual(["deny-scripts-reconfig yes"]);
    const chosen = load(`${text}sentinel: { config: { announce-hostnames: no } }`).sentinel.nodes[0];
    expect(lines(chosen, "sentinel").filter((line) => line.startsWith("announce-hostnames"))).toEqual([
      "announce-hostnames no",
    ]);
  });

  it("may share a port on different addresses", () => {
    const text = "redis: { replicas: 1, nodes: { redis-slave-1: { bind: 127.0.0.2, port: 6379 } } }";
    expect(load(text).redis.nodes.map((node) => `${node.host}:${node.port}`)).toEqual([
      "127.0.0.1:6379",
      "127.0.0.2:6379",
    ]);
  });
});

describe("Sentinels", () => {
  it("need a majority of themselves unless told otherwise", () => {
    expect([1, 2, 3, 4, 5].map((count) => load(`sentinel: { count: ${count} }`).sentinel.quorum)).toEqual([
      1, 2, 2, 3, 3,
    ]);
    expect(load("sentinel: { count: 5, quorum: 2 }").sentinel.quorum).toBe(2);
  });

  it("get plain directives as they are and their own under the master's name", () => {
    const text =
      "name: shop\nsentinel: { config: { loglevel: verbose, notification-script: /bin/page, rename-command: CONFIG X } }";
    const { directives } = load(text).sentinel.nodes[0];
    expect(directives.map(({ name, args }) => [name, ...args].join(" "))).toEqual([
      "protected-mode yes",
      "loglevel verbose",
      "sentinel deny-scripts-reconfig yes",
      "sentinel notification-script shop /bin/page",
      "sentinel rename-command shop CONFIG X",
    ]);
  });

  it("may have fast periods within rules A and B", () => {
    const text =
      "sentinel: { downAfter: 1200ms, periods: { ping: 280ms, info: 10s, ask: 100ms, publish: 500ms } }";
    expect(load(text).sentinel).toMatchObject({
      downAfterMs: 1200,
      periods: { ping: 280, info: 10_000, ask: 100, publish: 500 },
    });
  });
});

describe("the failover profile fast", () => {
  it("finds silence soon, with periods that rules A and B allow, and starts from a safe down-after", () => {
    const { sentinel, failover } = load("failover: fast\nredis: { replicas: 4 }");
    expect(failover).toEqual({ profile: "fast", fast: true, spread: true });
    expect(sentinel).toMatchObject({
      downAfterMs: 1000,
      startDownAfterMs: 1500,
      failoverTimeoutMs: 4000,
      parallelSyncs: 4,
      periods: { ping: 250, info: 500, ask: 250, publish: 500, tilt: 5000 },
    });
  });

  it("gives way to what the file says", () => {
    const text = "failover: fast\nsentinel: { downAfter: 2s, parallelSyncs: 1, periods: { info: 800ms } }";
    expect(load(text).sentinel).toMatchObject({
      downAfterMs: 2000,
      startDownAfterMs: 2000,
      failoverTimeoutMs: 4000,
      parallelSyncs: 1,
      periods: { ping: 250, info: 800 },
    });
  });

  it("is named as the origin of what it sets", () => {
    const { origins } = parseTopology("failover: fast\n", "/srv/app/vedette.yaml", "vedette.yaml");
    expect(origins.get("sentinel.downAfter")).toEqual({ from: "failover", name: "fast" });
    expect(origins.get("sentinel.periods.ping")).toEqual({ from: "failover", name: "fast" });
    expect(origins.get("sentinel.quorum")).toMatchObject({ from: "derived" });
  });
});

describe("directories", () => {
  it("are per node, from dataDir or the node's own", () => {
    const topology = load("redis: { dataDir: /data, nodes: { redis-slave-1: { dataDir: two } } }");
    expect(topology.redis.nodes.slice(0, 2).map((node) => node.dataDir)).toEqual([
      "/data/redis-master",
      "/srv/app/two",
    ]);
  });
});
