import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import type { Benchmark } from "../../operations/benchmark.ts";
import type { BackupManifest } from "../../operations/backup-manifest.ts";
import type { Flush } from "../../operations/flush-all.ts";
import type { FailoverTest } from "../../operations/failover-record.ts";
import type { ReplicationTest } from "../../operations/test-replication.ts";
import { parseEvent } from "../../redis/events.ts";
import { printBackup, shortPath } from "./backup.ts";
import { printBenchmark } from "./benchmark.ts";
import { printEvent } from "./failover-events.ts";
import { printFailoverPlan, printFailoverTest } from "./failover-test.ts";
import { printFlush, printFlushSight } from "./flush.ts";
import { printReplicationTest } from "./replication-test.ts";
import { WIDTH } from "./table.ts";

const golden = (name: string) => new URL(`../../../test/golden/${name}.txt`, import.meta.url).pathname;

const replicated: ReplicationTest = {
  cluster: "mymaster",
  ok: true,
  master: "redis-slave-1",
  key: "vedette:test:replication:1",
  writeMs: 0.412,
  wait: { asked: 3, acknowledged: 3, ms: 1.2 },
  replicas: [
    { node: "redis-master", ok: true, ms: 0.93, reason: null },
    { node: "redis-slave-2", ok: true, ms: 1.104, reason: null },
    { node: "redis-slave-3", ok: true, ms: 120.4, reason: null },
  ],
  deleted: true,
};

const moved: FailoverTest = {
  cluster: "mymaster",
  fault: "kill",
  ok: true,
  before: "redis-master",
  after: "redis-slave-2",
  epochBefore: 0,
  epochAfter: 1,
  marks: {
    detectedMs: 5047,
    agreedMs: 5142,
    electedMs: 5218,
    promotedMs: 6192.4,
    firstWriteMs: 6204,
    switchedMs: 6259,
    reconfiguredMs: 7340,
    backMs: 9121,
  },
  writes: { lastBeforeMs: -4.2, firstAfterMs: 6204, gapMs: 6208.2, acknowledged: 345, lost: 0 },
  missing: [],
  events: [
    { ms: 5047, sentinel: "redis-sentinel-1", event: "+sdown", message: "master mymaster 127.0.0.1 6379" },
  ],
};

const measured: Benchmark = {
  cluster: "mymaster",
  master: "redis-slave-1",
  settings: {
    requests: 100_000,
    clients: 50,
    dataSize: 64,
    pipeline: 1,
    tests: ["set", "get"],
    replicas: true,
  },
  results: [
    {
      node: "redis-slave-1",
      role: "master",
      test: "set",
      requestsPerSecond: 80_123.4,
      p50Ms: 0.303,
      p95Ms: 0.511,
      p99Ms: 0.919,
      maxMs: 3.4,
    },
    {
      node: "redis-slave-1",
      role: "master",
      test: "get",
      requestsPerSecond: 101_010,
      p50Ms: 0.2,
      p95Ms: 0.4,
      p99Ms: 0.8,
      maxMs: 2,
    },
    {
      node: "redis-master",
      role: "replica",
      test: "get",
      requestsPerSecond: 99_000,
      p50Ms: null,
      p95Ms: null,
      p99Ms: null,
      maxMs: null,
    },
  ],
  cleaned: 10_000,
};

const saved: BackupManifest = {
  schema: 1,
  id: "dump-20260102-030405",
  file: "dump-20260102-030405.rdb",
  cluster: "mymaster",
  time: "2026-01-02T03:04:05.678Z",
  bytes: 1_234_567,
  sha256: "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824",
  redisVersion: "7.0.15",
  epoch: 3,
  source: {
    node: "redis-slave-2",
    host: "127.0.0.1",
    port: 6381,
    role: "replica",
    lagBytes: 0,
    keysBefore: { db0: 1000, db3: 7 },
    keysAfter: { db0: 1002, db3: 7 },
    offsetBefore: 4_711,
    offsetAfter: 4_911,
  },
  replId: "5f1c",
  offset: 4_801,
  keys: 1_008,
  expires: 2,
  durationsMs: { transfer: 1_020, check: 33, total: 1_061 },
};

const flushed: Flush = {
  cluster: "mymaster",
  master: "redis-slave-1",
  deleted: { db0: 12_345, db3: 1 },
  replicas: [
    { node: "redis-slave-2", empty: true },
    { node: "redis-slave-3", empty: false },
  ],
  ms: 120,
};

const screens: Record<string, (colour: boolean) => string> = {
  "test-replication-well": (colour) => printReplicationTest(replicated, colour),
  "test-replication-failed": (colour) =>
    printReplicationTest(
      {
        ...replicated,
        ok: false,
        deleted: false,
        wait: { asked: 3, acknowledged: 2, ms: 5001 },
        replicas: [
          ...replicated.replicas.slice(0, 2),
          { node: "redis-slave-3", ok: false, ms: null, reason: "the value was not there after 5 s" },
        ],
      },
      colour,
    ),
  "test-failover-plan": (colour) =>
    printFailoverPlan("redis-master", "hang", { downAfterMs: 5000, fast: false }, colour),
  "test-failover-moved": (colour) => printFailoverTest(moved, colour),
  "test-failover-stayed": (colour) =>
    printFailoverTest(
      {
        ...moved,
        ok: false,
        after: null,
        epochAfter: 0,
        marks: {
          ...moved.marks,
          electedMs: null,
          promotedMs: null,
          firstWriteMs: null,
          switchedMs: null,
          reconfiguredMs: null,
          backMs: null,
        },
        writes: { lastBeforeMs: -4.2, firstAfterMs: null, gapMs: null, acknowledged: 40, lost: 2 },
        missing: ["redis-slave-2 is not in sync with its master yet"],
      },
      colour,
    ),
  benchmark: (colour) => printBenchmark(measured, colour),
  backup: (colour) => printBackup(saved, "backups", colour),
  "flush-all": (colour) =>
    printFlushSight("mymaster", { master: "redis-slave-1", keys: { db0: 12_345, db3: 1 } }, colour) +
    printFlush(flushed, colour),
};

describe.each(Object.entries(screens))("%s", (name, print) => {
  it("reads well", async () => {
    await expect(print(false)).toMatchFileSnapshot(golden(name));
  });

  it("says the same in colour, within the screen", () => {
    expect(print(true)).not.toBe(print(false));
    expect(stripVTControlCharacters(print(true))).toBe(print(false));
    expect(
      print(false)
        .split("\n")
        .filter((line) => line.length > WIDTH),
    ).toEqual([]);
  });
});

describe("what the Sentinels say", () => {
  const names = { topology: seedCluster().topology, voters: new Map([["c30a", "redis-sentinel-1"]]) };
  const line = (channel: string, message: string) =>
    printEvent(
      names,
      { sentinel: "redis-sentinel-2", at: 0, event: parseEvent(channel, message) },
      5102.3,
      false,
    );

  it("is told in words, with the nodes' names", async () => {
    const lines = [
      line("+sdown", "master mymaster 127.0.0.1 6379"),
      line("+odown", "master mymaster 127.0.0.1 6379 #quorum 2/2"),
      line("+new-epoch", "1"),
      line("+vote-for-leader", "c30a 1"),
      line("+vote-for-leader", "ffff 1"),
      line("+elected-leader", "master mymaster 127.0.0.1 6379"),
      line("+selected-slave", "slave 127.0.0.1:6381 127.0.0.1 6381 @ mymaster 127.0.0.1 6379"),
      line("+promoted-slave", "slave 127.0.0.1:6381 127.0.0.1 6381 @ mymaster 127.0.0.1 6379"),
      line("+slave-reconf-done", "slave 127.0.0.1:6380 127.0.0.1 6380 @ mymaster 127.0.0.1 6379"),
      line("+switch-master", "mymaster 127.0.0.1 6379 127.0.0.1 6381"),
      line("-failover-abort-no-good-slave", "master mymaster 127.0.0.1 6379"),
    ];
    await expect(`${lines.join("\n")}\n`).toMatchFileSnapshot(golden("test-failover-events"));
  });

  it("is told as it is when there are no words of ours for it", () => {
    expect(line("+monitor-of-tomorrow", "master mymaster 127.0.0.1 6379 quorum 2")).toBe(
      "   5102 ms  redis-sentinel-2  +monitor-of-tomorrow master mymaster 127.0.0.1 6379 quorum 2",
    );
  });
});

it("names the backup directory the short way", () => {
  expect(shortPath("/srv/app/backups", "/srv/app")).toBe("backups");
  expect(shortPath("/srv/app", "/srv/app")).toBe(".");
  expect(shortPath("/mnt/backups", "/srv/app")).toBe("/mnt/backups");
});

/** `a`, `b.c`, `d[].e`, `f[]`: the names that docs/json-output.md uses. Counts by database are one field. */
function fieldsOf(value: object, prefix = ""): string[] {
  return Object.entries(value).flatMap(([name, field]: [string, unknown]) => {
    const path = prefix + name;
    if (Array.isArray(field)) {
      const [first] = field as unknown[];
      return typeof first === "object" && first !== null ? fieldsOf(first, `${path}[].`) : [`${path}[]`];
    }
    const nested = typeof field === "object" && field !== null && !("db0" in field);
    return nested ? fieldsOf(field, `${path}.`) : [path];
  });
}

it.each([
  ["test-replication", { schema: 1, ...replicated }],
  ["test-failover", { schema: 1, ...moved }],
  ["benchmark", { schema: 1, ...measured }],
  ["backup", saved],
  ["flush-all", { schema: 1, ...flushed }],
])("%s --json is documented field by field in docs/json-output.md", (command, value) => {
  const text = readFileSync(new URL("../../../docs/json-output.md", import.meta.url), "utf8");
  const [, after = ""] = text.split(`## \`vedette ${command} --json\`\n`);
  const [section = ""] = after.split("\n## ");
  const documented = [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]);
  expect(documented).toEqual(fieldsOf(value));
});
