import type { CommandSpec } from "./command.ts";
import { JSON_OPTION } from "./common-options.ts";

/** Commands that prove what the cluster promises. */
export const TESTING: readonly CommandSpec[] = [
  {
    usage: "test-replication",
    group: "Testing",
    summary: "write on the master, read on every replica, say how long each took",
    options: [JSON_OPTION],
    load: () => import("./commands/test-replication.ts"),
  },
  {
    usage: "test-failover",
    group: "Testing",
    summary: "make the master fail and watch the Sentinels move it",
    options: [["--fault <fault>", "kill, stop or hang (default kill)"], JSON_OPTION],
    load: () => import("./commands/test-failover.ts"),
  },
  {
    usage: "drill [scenario]",
    group: "Testing",
    summary: "practise a failure under load, or all of them, and judge what it cost",
    options: [
      ["--list", "what can be practised"],
      ["--runs <count>", "so often each, with medians (default 1)"],
      ["--sandbox", "on a throw-away copy of the topology, on free ports"],
      ["--report <file>", "write a report to be looked at: one HTML file"],
      ["--json <file>", "write all figures as JSON, - for standard output (see docs/json-output.md)"],
    ],
    load: () => import("./commands/drill.ts"),
  },
  {
    usage: "benchmark",
    group: "Testing",
    summary: "redis-benchmark on the master, with its own keys, cleaned up afterwards",
    options: [
      ["--replicas", "measure reads on the replicas too"],
      ["-n, --requests <count>", "requests a test (default 100000)"],
      ["-c, --clients <count>", "connections (default 50)"],
      ["-d, --data-size <bytes>", "size of a value (default 64)"],
      ["-P, --pipeline <count>", "commands a round trip (default 1)"],
      ["-t, --tests <names>", "set,get,incr,lpush,rpush,hset,sadd,ping (default set,get)"],
      JSON_OPTION,
    ],
    load: () => import("./commands/benchmark.ts"),
  },
];
