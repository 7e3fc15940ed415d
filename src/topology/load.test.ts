import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { explain, UsageError } from "../errors.ts";
import { knownDirectives } from "./directives.ts";
import { loadTopology, parseTopology } from "./load.ts";
import { formatProblem, TopologyError } from "./problems.ts";
import { keysAt } from "./schema.ts";

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
    "runtime: docker\n",
    ['vedette.yaml:1:10 runtime: only local is supported (found "docker")'],
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
    "sentinel: { downAfter: 1s, periods: { ping: 300ms } }\n",
    ['vedette.yaml:1:24 sentinel.downAfter: must be at least 1200ms (found "1s")'],
  ],
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
      "  downAfter: 1s",
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

describe("directives", () => {
  const config = (line: string) =>
    problemsOf(`redis:\n  config:\n    ${line}\n`).map((p) => p.slice("vedette.yaml:".length));

  it.each([
    [
      "appndonly: true",
      '3:5 redis.config.appndonly: is not a directive of Redis; did you mean "appendonly"?',
    ],
    ["port: 1", "3:5 redis.config.port: is written by Vedette itself; set redis.port"],
    ["SlaveOf: 10.0.0.1 6379", "3:5 redis.config.SlaveOf: is written by Vedette itself; Sentinel decides"],
    [
      "requirepass: hunter2",
      "3:5 redis.config.requirepass: is written by Vedette itself; one password serves",
    ],
    ["cluster-enabled: true", "3:5 redis.config.cluster-enabled: is written by Vedette itself"],
    [
      "notification-script: /x",
      "3:5 redis.config.notification-script: is a Sentinel directive; set it in sentinel.config",
    ],
    ["sentinel monitor: x", "3:5 redis.config.sentinel monitor: is not the name of a directive"],
    ['"a b": x', "3:5 redis.config.a b: is not the name of a directive"],
    ['"x\\nport": 1', "3:5 redis.config.x\\nport: is not the name of a directive"],
    [
      'appendfsync: "no  # max"',
      '3:18 redis.config.appendfsync: must be one of everysec, always, no; a comment after a value is read as part of it (found "no  # max")',
    ],
    ["maxmemory-policy: lru", "3:23 redis.config.maxmemory-policy: must be one of noeviction"],
    ["maxmemory: 1.5gb", "3:16 redis.config.maxmemory: must be a size as Redis reads it"],
    ["maxclients: 10k", "3:17 redis.config.maxclients: must be a whole number without a unit"],
    ["io-threads: 0", "3:17 redis.config.io-threads: must be from 1 to 128 (found 0)"],
    ["appendonly: always", "3:17 redis.config.appendonly: must be one of yes, no"],
    ["maxmemory: [1gb, 2gb]", "3:16 redis.config.maxmemory: takes one value, not a list (found a list)"],
    [
      "maxmemory:",
      "3:5 redis.config.maxmemory: must be a text, a number, true or false, or a list of them (found nothing)",
    ],
    ["save: hourly", '3:11 redis.config.save: must be pairs of seconds and changes such as "3600 1 300 100"'],
    ["save: 0 1", "3:11 redis.config.save: must be pairs"],
    [
      "client-output-buffer-limit: replica 1gb",
      "3:33 redis.config.client-output-buffer-limit: must be a class",
    ],
    ["rename-command: CONFIG hidden", "3:21 redis.config.rename-command: takes away CONFIG"],
    ["rename-command: KEYS", "3:21 redis.config.rename-command: must be a command and its new name"],
    ["loadmodule: '\"a'", "3:17 redis.config.loadmodule: has quotes that do not balance"],
    ["shutdown-on-sigterm: save later", "3:26 redis.config.shutdown-on-sigterm: must be one of default"],
    ["unixsocketperm: 999", "3:21 redis.config.unixsocketperm: must be an octal mode"],
    [
      "maxmemory-clients: 120%",
      "3:24 redis.config.maxmemory-clients: must be a size such as 256mb or a percentage",
    ],
    ['proc-title-template: "a\\0b"', "3:26 redis.config.proc-title-template: must not contain a NUL"],
    [
      "tls-key-file-pass: hunter2",
      "3:5 redis.config.tls-key-file-pass: would put a secret into readable files",
    ],
    ["user: app on >hunter2 ~*", "3:11 redis.config.user: has a password in clear; give its SHA-256"],
    [
      "slave-priority: 1\n    replica-priority: 2",
      "4:5 redis.config.replica-priority: sets replica-priority a second time",
    ],
  ])("refuses %s", (line, expected) => {
    const found = config(line);
    expect(found.map((problem) => problem.slice(0, expected.length))).toEqual([expected]);
    expect(found.join("")).not.toContain("hunter2");
  });

  it("refuses what Vedette owns of sentinel.conf, and points at the right key", () => {
    const text =
      "sentinel:\n  config:\n    down-after-milliseconds: 1000\n    monitor: x\n    requirepass: y\n";
    expect(problemsOf(text)).toEqual([
      "vedette.yaml:3:5 sentinel.config.down-after-milliseconds: is written by Vedette itself; set sentinel.downAfter",
      "vedette.yaml:4:5 sentinel.config.monitor: is written by Vedette itself; set name, redis.port and sentinel.quorum",
      expect.stringContaining(
        "vedette.yaml:5:5 sentinel.config.requirepass: is written by Vedette itself; one password",
      ),
    ]);
  });

  const argsOf = (yaml: string, name: string) =>
    load(`redis:\n  config:\n    ${yaml}\n`)
      .topology.redis.nodes[0].directives.filter((directive) => directive.name === name)
      .map(({ args }) => args);

  it.each<[string, string, string[][]]>([
    ["maxmemory: 2gb", "maxmemory", [["2gb"]]],
    ["activedefrag: true", "activedefrag", [["yes"]]],
    ["save: 3600 1 300 100", "save", [["3600", "1", "300", "100"]]],
    [
      "save: [900 1, 60 1000]",
      "save",
      [
        ["900", "1"],
        ["60", "1000"],
      ],
    ],
    ['save: ""', "save", [[""]]],
    [
      "user: [app on nopass ~* +@read, 'ops on #ab \"~a b\"']",
      "user",
      [
        ["app", "on", "nopass", "~*", "+@read"],
        ["ops", "on", "#ab", "~a b"],
      ],
    ],
    ["oom-score-adj-values: [0, 100, 200]", "oom-score-adj-values", [["0", "100", "200"]]],
    ["shutdown-on-sigterm: save now", "shutdown-on-sigterm", [["save", "now"]]],
    [
      `rename-command: ['KEYS ""', FLUSHALL x]`,
      "rename-command",
      [
        ["KEYS", ""],
        ["FLUSHALL", "x"],
      ],
    ],
    ['proc-title-template: "{title} # {listen-addr}"', "proc-title-template", [["{title} # {listen-addr}"]]],
    ["MAXMEMORY: 5mb", "maxmemory", [["5mb"]]],
    ["slave-read-only: yes", "replica-read-only", [["yes"]]],
    ["search.timeout: 5", "search.timeout", [["5"]]],
    ["some-future-directive: [a b, c]", "some-future-directive", [["a b"], ["c"]]],
    ["unixsocketperm: 700", "unixsocketperm", [["700"]]],
    ["maxmemory-clients: 5%", "maxmemory-clients", [["5%"]]],
  ])("reads %s", (yaml, name, expected) => {
    expect(argsOf(yaml, name)).toEqual(expected);
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

describe("any text", () => {
  const leaf = fc.oneof(
    fc.constantFrom(
      "5s",
      "1ms",
      "256mb",
      "0.0.0.0",
      "127.0.0.1",
      "store",
      "yes",
      "redis-slave-1",
      "",
      "../x",
      "::",
    ),
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
  );
  const KEYS =
    "name redis sentinel nodes config port bind announce replicas count quorum downAfter periods ping security " +
    "passwordFile profile size logs stateDir redis-master redis-slave-2 redis-sentinel-1 save user __proto__";
  const key = fc.oneof(fc.constantFrom(...KEYS.split(" ")), fc.string());
  /** Known keys in their places with any values: gets further than random documents do. */
  const anyOf = (keys: readonly string[], value: fc.Arbitrary<unknown>) =>
    fc.dictionary(fc.constantFrom(...keys), value, { maxKeys: 5 });
  const value = fc.oneof(leaf, fc.array(leaf, { maxLength: 3 }));
  const side = (kind: "redis" | "sentinel", ids: string[]) => {
    const config = anyOf(knownDirectives(kind), value);
    const node = fc.record(
      { port: value, bind: value, announce: value, dataDir: value, config },
      { requiredKeys: [] },
    );
    const nodes = anyOf(ids, node);
    return fc
      .tuple(anyOf(keysAt([kind]), value), fc.record({ config, nodes }, { requiredKeys: [] }))
      .map(([some, more]) => ({ ...some, ...more }));
  };
  const shaped = fc
    .tuple(
      anyOf(keysAt([]), value),
      fc.record(
        {
          redis: side("redis", ["redis-master", "redis-slave-1"]),
          sentinel: side("sentinel", ["redis-sentinel-1"]),
        },
        { requiredKeys: [] },
      ),
    )
    .map(([some, more]) => ({ ...some, ...more }));
  const document = fc.letrec<{ node: unknown }>((tie) => ({
    node: fc.oneof(
      { depthSize: "medium" },
      leaf,
      fc.array(tie("node"), { maxLength: 4 }),
      fc.dictionary(key, tie("node"), { maxKeys: 6 }),
    ),
  })).node;

  /** Loading either works or ends in a UsageError whose problems are all one line each. */
  function loadsOrExplains(text: string): void {
    try {
      load(text);
    } catch (error) {
      if (!(error instanceof TopologyError)) throw error;
      expect(error.problems.length).toBeGreaterThan(0);
      expect(error.message.split(/[\n\u2028\u2029]/)).toHaveLength(error.problems.length);
    }
  }

  it("never ends in anything but a topology or a list of problems: documents", () => {
    fc.assert(
      fc.property(document, (value) => loadsOrExplains(JSON.stringify(value))),
      { numRuns: 400 },
    );
  });

  it("never ends in anything but a topology or a list of problems: known keys", () => {
    fc.assert(
      fc.property(shaped, (value) => loadsOrExplains(JSON.stringify(value))),
      { numRuns: 500 },
    );
  });

  it("never ends in anything but a topology or a list of problems: text", () => {
    const piece = fc.constantFrom(
      "redis:",
      "\n",
      "  ",
      "- ",
      "[",
      "{",
      "}",
      "]",
      ": ",
      "&a ",
      "*a",
      "!!",
      "|",
      "\t",
      '"',
      "5s",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(piece, fc.string()), { maxLength: 30 }), (pieces) =>
        loadsOrExplains(pieces.join("")),
      ),
      { numRuns: 400 },
    );
    loadsOrExplains("[".repeat(100_000));
    loadsOrExplains(
      "a: &a [1]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b]\nd: [*c,*c,*c,*c,*c,*c,*c,*c]\n",
    );
    loadsOrExplains("a: &a [*a]\n");
  });
});
