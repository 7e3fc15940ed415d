import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { explain, UsageError } from "../errors.ts";
import { loadTopology, parseTopology } from "./load.ts";
import { formatProblem, TopologyError } from "./problems.ts";

const load = (text: string) => parseTopology(text, "/srv/app/vedette.yaml", "vedette.yaml");

/** Every problem of `text` as it is printed. */
function problemsOf(text: string): string[] {
  try {
    load(text);
  } catch (error) {
    if (error instanceof TopologyError) return error.problems.map(formatProblem);
    throw error;
  }
  return [];
}

describe("files", () => {
  const dir = mkdtempSync(path.join(tmpdir(), "topology-"));
  afterAll(() => rmSync(dir, { recursive: true }));

  it("uses the built-in defaults where no vedette.yaml stands", () => {
    const { topology } = loadTopology(null, dir);
    expect(topology.file).toBeNull();
    expect(topology.baseDir).toBe(dir);
    expect(topology.stateDir).toBe(path.join(dir, ".vedette/mymaster"));
  });

  it("takes paths from the directory of the file, not from where the command runs", () => {
    writeFileSync(
      path.join(dir, "other.yaml"),
      "name: other\nbackupDir: ../b\nsecurity: { passwordFile: pw }\n",
    );
    const { topology } = loadTopology(path.join(dir, "other.yaml"), "/");
    expect(topology.stateDir).toBe(path.join(dir, ".vedette/other"));
    expect(topology.backupDir).toBe(path.join(path.dirname(dir), "b"));
    expect(topology.security.passwordFile).toBe(path.join(dir, "pw"));
  });

  it("names a file that is asked for and missing, and one that is a directory", () => {
    expect(() => loadTopology("nowhere.yaml", dir)).toThrow(UsageError);
    try {
      loadTopology("nowhere.yaml", dir);
    } catch (error) {
      expect(explain(error)).toContain(`reading the topology ${path.join(dir, "nowhere.yaml")}: ENOENT`);
    }
    expect(() => loadTopology(".", dir)).toThrow(UsageError);
  });

  it("names the file as the user would type it, and carries every problem in the message", () => {
    writeFileSync(path.join(dir, "vedette.yaml"), "nmae: x\nredis:\n  port: 0\n");
    try {
      loadTopology(null, dir);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(UsageError);
      expect((error as UsageError).exitCode).toBe(2);
      expect((error as Error).message.split("\n")).toEqual([
        'vedette.yaml:1:1 nmae: is not a key of a topology; did you mean "name"?',
        "vedette.yaml:3:9 redis.port: must be a whole number from 1 to 65535 (found 0)",
      ]);
    }
  });
});

/** Text, and how each problem of it begins. */
const BAD: [what: string, text: string, problems: string[]][] = [
  ["a scalar", "hello", ["vedette.yaml must be a mapping of keys"]],
  ["a list", "- a", ["vedette.yaml must be a mapping of keys"]],
  ["broken YAML", "name: [a\n", ["vedette.yaml:2:1 not valid YAML"]],
  ["tabs", "redis:\n\tport: 1\n", ["vedette.yaml:2:1 not valid YAML"]],
  ["two documents", "name: a\n---\nname: b\n", ["vedette.yaml:2:1 holds more than one YAML document"]],
  ["a key twice", "name: a\nname: b\n", ["vedette.yaml:2:1 the same key is given twice; keep one of them"]],
  ["a mapping as key", "? {a: 1}\n: 2\n", ["vedette.yaml:1:3 a key must be plain text"]],
  ["an unknown alias", "name: a\nbind: *b\n", ["vedette.yaml:2:7 bind: refers to &b, which is not defined"]],
  ["an unknown tag", "name: !x a\n", ["vedette.yaml:1:7 not valid YAML"]],
  ["a prototype key", "__proto__: 1\n", ["vedette.yaml:1:1 __proto__: is not a key of a topology"]],
  [
    "a nested unknown key",
    "sentinel:\n  downafter: 5s\n",
    ['vedette.yaml:2:3 sentinel.downafter: is not a key of sentinel; did you mean "downAfter"?'],
  ],
  [
    "an unknown key of a node",
    "redis:\n  nodes:\n    redis-slave-1: { prot: 7000 }\n",
    [
      'vedette.yaml:3:22 redis.nodes.redis-slave-1.prot: is not a key of redis.nodes.redis-slave-1; did you mean "port"?',
    ],
  ],
  [
    "an unknown runtime",
    "runtime: podman\n",
    ['vedette.yaml:1:10 runtime: must be one of local, docker (found "podman")'],
  ],
  [
    "containers that cannot be",
    "runtime: docker\ndocker:\n  subnet: 172.28.0.0/16\n  images: { redis: redis }\n  cpus: 0\n  engine: keydb\n",
    [
      'vedette.yaml:3:11 docker.subnet: must be a private /24 network such as 172.28.0.0/24 (found "172.28.0.0/16")',
      'vedette.yaml:4:20 docker.images.redis: must be the name of an image with its tag, such as redis:7.4.2 (found "redis")',
      "vedette.yaml:5:9 docker.cpus: must be a number of cores such as 0.5 or 2 (found 0)",
      'vedette.yaml:6:11 docker.engine: must be one of redis, valkey (found "keydb")',
    ],
  ],
  [
    "a container with less memory than its Redis may use",
    "runtime: docker\nsize: small\ndocker: { memory: 1gb }\n",
    [
      'vedette.yaml:3:19 docker.memory: leaves too little room for redis-master, which has maxmemory 1gb (found "1gb"); 2176mb is safe while it saves',
    ],
  ],
  [
    "a data directory for containers",
    "runtime: docker\nredis: { dataDir: /srv }\n",
    ["vedette.yaml:2:19 redis.dataDir: has no meaning in containers: their data is in Docker's volumes"],
  ],
  [
    "a duration without unit",
    "sentinel:\n  downAfter: 5000\n",
    ["vedette.yaml:2:14 sentinel.downAfter: must be a duration"],
  ],
  [
    "an unknown unit",
    "supervise:\n  window: 5 minutes\n",
    ["vedette.yaml:2:11 supervise.window: must be a duration"],
  ],
  [
    "a duration of nothing",
    "sentinel: { failoverTimeout: 0s }\n",
    ["vedette.yaml:1:30 sentinel.failoverTimeout: must be at least 1ms"],
  ],
  [
    "a fraction of a millisecond",
    "supervise: { window: 1.5ms }\n",
    ["vedette.yaml:1:22 supervise.window: must be at least 1ms, in whole"],
  ],
  [
    "a size with a fraction",
    "logs: { maxSize: 1.5mb }\n",
    ["vedette.yaml:1:18 logs.maxSize: must be a size"],
  ],
  [
    "a size of nothing",
    "logs: { maxSize: 0 }\n",
    ["vedette.yaml:1:18 logs.maxSize: must be at least 1kb (found 0)"],
  ],
  [
    "a port as text",
    'redis: { port: "6379" }\n',
    ['vedette.yaml:1:16 redis.port: must be a whole number from 1 to 65535 (found "6379")'],
  ],
  [
    "no value",
    "redis:\n  port:\n",
    ["vedette.yaml:2:3 redis.port: must be a whole number from 1 to 65535 (found nothing)"],
  ],
  [
    "too many replicas",
    "redis: { replicas: 1e9 }\n",
    ["vedette.yaml:1:20 redis.replicas: must be a whole number from 0 to 99"],
  ],
  [
    "a truthy word",
    "production: maybe\n",
    ['vedette.yaml:1:13 production: must be true or false (found "maybe")'],
  ],
  [
    "an unknown profile",
    "profile: [cache, quick]\n",
    ['vedette.yaml:1:18 profile[1]: must be one of cache, store, read-heavy, write-heavy (found "quick")'],
  ],
  ["an unknown size", "size: huge\n", ["vedette.yaml:1:7 size: must be one of dev, small, medium, large"]],
  [
    "profiles at odds",
    "profile: [store, cache]\n",
    [
      "vedette.yaml:1:10 profile: names profiles that contradict each other: store sets maxmemory-policy noeviction and cache",
    ],
  ],
  [
    "a path as name",
    "name: ../../etc\n",
    [
      'vedette.yaml:1:7 name: must be letters, digits, dot, dash or underscore (at most 63), not starting with dot or dash (found "../../etc")',
    ],
  ],
  ["a name with a slash", "name: a/b\n", ["vedette.yaml:1:7 name: must be"]],
  ["a name with a newline", 'name: "a\\nb"\n', ["vedette.yaml:1:7 name: must be"]],
  ["a hidden name", "name: .a\n", ["vedette.yaml:1:7 name: must be"]],
  ["a name like an option", "name: -rf\n", ["vedette.yaml:1:7 name: must be"]],
  ["a long name", `name: ${"x".repeat(64)}\n`, ["vedette.yaml:1:7 name: must be"]],
  [
    "a control character in a path",
    'stateDir: "a\\nb"\n',
    ["vedette.yaml:1:11 stateDir: must be the path of a directory"],
  ],
  [
    "a bad address",
    "announce: 10.0.0.256\n",
    ['vedette.yaml:1:11 announce: must be an IP address or a host name (found "10.0.0.256")'],
  ],
  ["an empty bind", 'bind: " "\n', ["vedette.yaml:1:7 bind: must be an address or a list of addresses"]],
  [
    "a bind of no address",
    "bind: [127.0.0.1, 10.0.0.300]\n",
    [
      'vedette.yaml:1:19 bind[1]: must be an address or a list of addresses to listen on (found "10.0.0.300")',
    ],
  ],
  [
    "an unknown node",
    "redis:\n  nodes:\n    redis-slave-4: {}\n",
    [
      'vedette.yaml:3:5 redis.nodes.redis-slave-4: is not a node of this cluster; did you mean "redis-slave-1"?',
    ],
  ],
  [
    "a Sentinel among the Redis nodes",
    "redis: { nodes: { redis-sentinel-1: {} } }\n",
    [
      "vedette.yaml:1:19 redis.nodes.redis-sentinel-1: is not a node of this cluster; set it under sentinel.nodes",
    ],
  ],
  [
    "the same node twice",
    "redis:\n  nodes:\n    redis-slave-1: {}\n    redis-slave-1: {}\n",
    ["vedette.yaml:4:5 the same key is given twice"],
  ],
  [
    "a port that is taken",
    "redis:\n  nodes:\n    redis-slave-2: { port: 6380 }\n",
    [
      "vedette.yaml:3:28 redis.nodes.redis-slave-2.port: redis-slave-2 and redis-slave-1 have the same port (found 6380)",
    ],
  ],
  [
    "a port of a Sentinel",
    "redis: { port: 26381 }\n",
    ["vedette.yaml:1:16 redis.port: redis-master and redis-sentinel-3 have the same port (found 26381)"],
  ],
  [
    "ports beyond the end",
    "redis: { port: 65533 }\n",
    ["vedette.yaml:1:16 redis.port: leaves no port for redis-slave-3: ports end at 65535 (found 65536)"],
  ],
  [
    "a quorum larger than the Sentinels",
    "sentinel: { count: 3, quorum: 4 }\n",
    ["vedette.yaml:1:31 sentinel.quorum: is larger than the number of Sentinels (3) (found 4)"],
  ],
  [
    "a quorum of nothing",
    "sentinel: { quorum: 0 }\n",
    ["vedette.yaml:1:21 sentinel.quorum: must be a whole number from 1 to 99 (found 0)"],
  ],
  [
    "writes that need more replicas than there are",
    "redis: { replicas: 1, config: { min-replicas-to-write: 2 } }\n",
    [
      "vedette.yaml:1:56 redis.config.min-replicas-to-write: asks for 2 connected replicas before a write, and there are 1",
    ],
  ],
  [
    "a store without replicas",
    "profile: store\nredis: { replicas: 0 }\n",
    ["vedette.yaml:1:10 profile: asks for 1 connected replicas before a write, and there are 0"],
  ],
  [
    "an unknown durability",
    "durability: strong\n",
    ['vedette.yaml:1:13 durability: must be one of async, fenced, confirmed (found "strong")'],
  ],
  [
    "a fence without replicas",
    "durability: fenced\nredis: { replicas: 0 }\n",
    ["vedette.yaml:1:13 durability: asks for 1 connected replicas before a write, and there are 0"],
  ],
  [
    "a fence that the file takes back",
    "durability: confirmed\nredis: { config: { min-replicas-to-write: 1 } }\n",
    [
      "vedette.yaml:2:43 redis.config.min-replicas-to-write: takes back what durability: confirmed promises: it needs 2 (found 1)",
    ],
  ],
  [
    "a fence that one node takes back, and a lag that switches it off",
    "durability: fenced\nredis:\n  nodes:\n    redis-master: { config: { min-slaves-to-write: 0 } }\n    redis-slave-1: { config: { min-replicas-max-lag: 0 } }\n",
    [
      "vedette.yaml:4:52 redis.nodes.redis-master.config.min-slaves-to-write: takes back what durability: fenced promises: it needs 1 (found 0)",
      "vedette.yaml:5:54 redis.nodes.redis-slave-1.config.min-replicas-max-lag: takes back what durability: fenced promises: 0 switches min-replicas-to-write off (found 0)",
    ],
  ],
  [
    "confirmed writes under unequal priorities",
    "durability: confirmed\nredis: { nodes: { redis-slave-2: { config: { replica-priority: 50 } } } }\n",
    [
      "vedette.yaml:2:64 redis.nodes.redis-slave-2.config.replica-priority: durability: confirmed needs the same replica-priority on every node; Sentinel",
    ],
  ],
  [
    "no promotable replica",
    "redis: { config: { slave-priority: 0 } }\n",
    ["vedette.yaml:1:36 redis.config.slave-priority: replica-priority 0 on every replica"],
  ],
  [
    "rule A",
    "sentinel: { downAfter: 1199ms }\n",
    ['vedette.yaml:1:24 sentinel.downAfter: must be at least 1200ms (found "1199ms")'],
  ],
  [
    "rule A with a fast ping",
    "sentinel: { downAfter: 499ms, periods: { ping: 300ms } }\n",
    ['vedette.yaml:1:24 sentinel.downAfter: must be at least 500ms (found "499ms")'],
  ],
  [
    "rule A with a profile and a slow ping",
    "failover: fast\nsentinel: { periods: { ping: 900ms } }\n",
    ['vedette.yaml:2:1 sentinel.downAfter: must be at least 1100ms (found "1s")'],
  ],
  [
    "rule B with a profile and a fast ping",
    "failover: fast\nsentinel: { periods: { ping: 100ms } }\n",
    ['vedette.yaml:2:30 sentinel.periods.ping: must be at least 180ms (found "100ms")'],
  ],
  ["an unknown failover profile", "failover: faster\n", ["vedette.yaml:1:11 failover: must be one of"]],
  [
    "rule A with a slow ping",
    "sentinel: { downAfter: 2s, periods: { ping: 2s } }\n",
    ['vedette.yaml:1:24 sentinel.downAfter: must be at least 2200ms (found "2s")'],
  ],
  [
    "rule B",
    "sentinel: { periods: { ping: 279ms } }\n",
    ['vedette.yaml:1:30 sentinel.periods.ping: must be at least 280ms (found "279ms")'],
  ],
  [
    "rule B with a fast INFO",
    "sentinel: { periods: { ping: 179ms, info: 500ms } }\n",
    ['vedette.yaml:1:30 sentinel.periods.ping: must be at least 180ms (found "179ms")'],
  ],
  ...["0.0.0.0", '"::"', '"*"', "10.0.0.1", "db.example.org", '"-::*"', '"127.0.0.1 10.0.0.1"'].map(
    (bind): [string, string, string[]] => [
      `an open bind of ${bind}`,
      `announce: 10.0.0.1\nbind: ${bind}\n`,
      ["vedette.yaml:2:7 bind: can be reached from other machines without a password"],
    ],
  ),
  [
    "one open node",
    "sentinel:\n  nodes:\n    redis-sentinel-2:\n      bind: 10.0.0.1\n",
    [
      "vedette.yaml:4:13 sentinel.nodes.redis-sentinel-2.bind: can be reached from other machines without a password",
    ],
  ],
  [
    "a wildcard without address",
    "bind: 0.0.0.0\nsecurity: { passwordFile: p }\n",
    ["vedette.yaml:1:7 bind: does not tell which address peers and clients should use"],
  ],
  [
    "a wildcard as address",
    "announce: 0.0.0.0\n",
    ["vedette.yaml:1:11 announce: does not tell which address peers and clients should use"],
  ],
  [
    "an announced address that nobody serves",
    "announce: 10.0.0.1\n",
    ["vedette.yaml:1:11 announce: redis-master announces an address on which it does not listen"],
  ],
  [
    "backups inside the state",
    "backupDir: .vedette/mymaster/backups\n",
    ["vedette.yaml:1:12 backupDir: lies inside the cluster's state directory"],
  ],
  [
    "a shared data directory",
    "redis:\n  nodes:\n    redis-slave-1: { dataDir: d }\n    redis-slave-2: { dataDir: ./d }\n",
    [
      "vedette.yaml:4:31 redis.nodes.redis-slave-2.dataDir: is the directory of both redis-slave-1 and redis-slave-2",
    ],
  ],
  [
    "the project as data directory",
    "redis: { nodes: { redis-master: { dataDir: .. } } }\n",
    ["vedette.yaml:1:44 redis.nodes.redis-master.dataDir: holds more than the node's data"],
  ],
  [
    "a socket for all",
    "redis: { config: { unixsocket: /tmp/r.sock } }\n",
    ["vedette.yaml:1:32 redis.config.unixsocket: is the same for redis-master and redis-slave-1"],
  ],
];

describe("bad input", () => {
  it.each(BAD)("%s", (_, text, expected) => {
    const found = problemsOf(text);
    expect(found.map((problem, i) => problem.slice(0, expected[i]?.length ?? 80))).toEqual(expected);
  });

  it("reports everything at once, in the order of the file, and judges what is left", () => {
    const text = [
      "nmae: x",
      "bind: 0.0.0.0",
      "sentinel:",
      "  quorum: 5",
      "  downAfter: 250ms",
      "  periods: { ping: 100ms }",
      "redis:",
      "  port: many",
      "  config:",
      "    maxmemory: lots",
      "    appendfsnc: always",
      "    dir: /tmp",
      "  nodes:",
      "    redis-slave-9: {}",
    ].join("\n");
    const keys = problemsOf(text).map((line) => line.split(/[ :]+/).slice(1, 4).join(" "));
    expect(keys).toEqual([
      "1 1 nmae",
      "2 7 bind",
      "2 7 bind",
      "4 11 sentinel.quorum",
      "5 14 sentinel.downAfter",
      "6 20 sentinel.periods.ping",
      "8 9 redis.port",
      "10 16 redis.config.maxmemory",
      "11 5 redis.config.appendfsnc",
      "12 5 redis.config.dir",
      "14 5 redis.nodes.redis-slave-9",
    ]);
  });

  it("does not echo a complaint through the rules that read the same key", () => {
    expect(problemsOf("sentinel: { count: five, quorum: 5 }\n")).toHaveLength(1);
    expect(problemsOf("redis: { replicas: ten, nodes: { redis-slave-9: {} } }\n")).toHaveLength(1);
  });
});

describe("advice", () => {
  const adviceOf = (text: string) =>
    load(text).advice.map((item) => `${item.level} ${item.key}: ${item.message}`);

  it("has none about the defaults", () => {
    expect(adviceOf("")).toEqual([]);
  });

  it.each([
    ["sentinel: { count: 1 }", "info sentinel.count: with one Sentinel the loss of one"],
    ["sentinel: { count: 2 }", "info sentinel.count: with two Sentinels the loss of one"],
    ["sentinel: { count: 4 }", "info sentinel.count: 4 Sentinels survive the loss of no more"],
    [
      "sentinel: { count: 5, quorum: 2 }",
      "info sentinel.quorum: 2 of 5 Sentinels may call the master down, but a failover needs 3 votes",
    ],
    [
      "sentinel: { quorum: 3 }",
      "info sentinel.quorum: fewer than 3 reachable Sentinels never call the master down",
    ],
    [
      "sentinel: { failoverTimeout: 3m }",
      "info sentinel.failoverTimeout: after a failed attempt nobody tries again for 6m",
    ],
    ["redis: { replicas: 0 }", "info redis.replicas: without a replica nothing can take over"],
    [
      "redis: { nodes: { redis-slave-1: { config: { replica-priority: 10 } } } }",
      "info redis.nodes: replicas have different priorities",
    ],
    [
      'redis: { config: { appendonly: no, save: "" } }',
      "info redis.config: with neither an append-only file nor snapshots every node",
    ],
    [
      "durability: fenced\nredis: { replicas: 1 }",
      "info durability: with one replica no write is accepted while any node is down",
    ],
    [
      "durability: confirmed\nredis: { replicas: 2 }",
      "info durability: with 2 replicas no write is accepted while any node is down",
    ],
    ["production: true", "info production: at maxmemory allkeys-lru evicts keys"],
    [
      "security: { passwordFile: p }\nbind: 10.0.0.1\nredis: { nodes: { redis-slave-1: { bind: [127.0.0.1, 10.0.0.1], announce: 127.0.0.1 } } }",
      "info redis.nodes.redis-slave-1.announce: redis-slave-1 is known by 127.0.0.1",
    ],
  ])("%s", (text, expected) => {
    expect(adviceOf(text).map((item) => item.slice(0, expected.length))).toEqual([expected]);
  });

  it("is content with a production cluster that chose its policy", () => {
    expect(adviceOf("production: true\nprofile: cache")).toEqual([]);
    expect(adviceOf("production: true\nredis: { config: { maxmemory-policy: allkeys-lfu } }")).toEqual([]);
  });
});
