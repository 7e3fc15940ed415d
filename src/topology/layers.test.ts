import { describe, expect, it } from "vitest";
import { parseTopology } from "./load.ts";
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
