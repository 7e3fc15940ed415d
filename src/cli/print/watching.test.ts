import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { cluster, NOW, seedCluster } from "../../../test/kit/cluster.ts";
import type { NodeProcess } from "../../cluster/snapshot.ts";
import type { NodeInfo } from "../../operations/node-infos.ts";
import { mergeByTime, parseLogLine } from "../../operations/log-lines.ts";
import type { SlowEvent } from "../../operations/slow-watch.ts";
import { parseInfo } from "../../redis/info.ts";
import { parseTopology } from "../../topology/load.ts";
import { allNodes } from "../../topology/model.ts";
import { infoJson, printInfos } from "./info.ts";
import { logJson, logPrinter } from "./logs.ts";
import { printProcesses, processesJson, processRows } from "./processes.ts";
import { commandJson, slowJson, slowPrinter } from "./slow.ts";

const golden = (name: string) => new URL(`../../../test/golden/${name}.txt`, import.meta.url).pathname;

/** Local times, as logs have them: the screens are the same in every time zone. */
const at = (seconds: number, ms = 0) => new Date(2026, 10, 23, 9, 2, seconds, ms).getTime();

const logLines = () => {
  const node = (name: string, texts: string[]) => {
    let time: number | null = null;
    return texts.map((text) => {
      const line = parseLogLine(name, text, time);
      time = line.time;
      return line;
    });
  };
  return mergeByTime([
    node("redis-master", [
      "77:M 23 Nov 2026 09:02:01.100 # === REDIS BUG REPORT START: Cut & paste starting from here ===",
      "77:M 23 Nov 2026 09:02:01.100 # Redis 7.0.15 crashed by signal: 11, si_code: 0",
      "------ STACK TRACE ------",
      "EIP:\u001b]0;gotcha\u0007 redis-server(+0x1)",
    ]),
    node("redis-slave-1", [
      "78:S 23 Nov 2026 09:02:01.102 * Connection with master lost.",
      "78:M 23 Nov 2026 09:02:02.500 * MASTER MODE enabled (user request from 'id=7 addr=127.0.0.1:5')",
    ]),
    node("redis-sentinel-1", [
      "80:X 23 Nov 2026 09:02:02.400 # +sdown master mymaster 127.0.0.1 6379",
      "80:X 23 Nov 2026 09:02:03.000 # +switch-master mymaster 127.0.0.1 6379 127.0.0.1 6380",
    ]),
    node("redis-master", [
      "23 Nov 2026 09:02:04 vedette[redis-master]: starts as a replica of 127.0.0.1 6380",
    ]),
  ]);
};

describe("logs", () => {
  const names = ["redis-master", "redis-slave-1", "redis-sentinel-1"];
  const screen = (colour: boolean) => logLines().map(logPrinter(names, colour)).join("\n");

  it("read well, merged, and cannot steer the terminal", async () => {
    await expect(`${screen(false)}\n`).toMatchFileSnapshot(golden("logs"));
    expect(stripVTControlCharacters(screen(true))).toBe(screen(false));
  });

  it("give each node a colour of its own", () => {
    const begins = screen(true)
      .split("\n")
      .map((line) => line.slice(0, line.indexOf("redis-")));
    expect(new Set(begins).size).toBe(names.length);
  });

  it("are one object a line for log shippers", () => {
    const [first] = logLines();
    expect(first && logJson(first)).toBe(
      JSON.stringify({
        time: new Date(at(1, 100)).toISOString(),
        node: "redis-master",
        pid: 77,
        role: "master",
        level: "warning",
        message: "=== REDIS BUG REPORT START: Cut & paste starting from here ===",
      }),
    );
    expect(logJson(parseLogLine("redis-master", "no time", null))).toContain('"time":null');
  });
});

describe("ps", () => {
  const usage = (pid: number) =>
    pid === 900 ? { rssBytes: 70_000_000, cpuMs: 3_723_000 } : { rssBytes: pid * 20_000, cpuMs: pid * 10 };
  const process = (node: string, more: Partial<NodeProcess>): NodeProcess => ({
    node,
    state: "running",
    pid: 701,
    startedAt: NOW - 93_784_000,
    reason: null,
    wanted: true,
    gaveUp: false,
    ...more,
  });
  const stopped = { state: "stopped", pid: null, startedAt: null } as const;
  const scene = () => {
    const { topology, snapshot } = seedCluster();
    const processes = [
      process("redis-master", {}),
      process("redis-slave-1", {
        pid: 702,
        state: "waiting",
        startedAt: NOW - 2000,
        reason: "only 1 of 3 Sentinels answer, and 2 must name the master",
      }),
      process("redis-slave-2", {
        ...stopped,
        gaveUp: true,
        reason: "it ended 6 times within 60s, the last time by SIGSEGV",
      }),
      process("redis-slave-3", { ...stopped, wanted: false }),
      process("redis-sentinel-1", { pid: 800 }),
      process("redis-sentinel-2", { ...stopped }),
      process("redis-sentinel-3", { pid: 802 }),
    ];
    return processRows(topology, processes, snapshot.steward, usage);
  };

  it("reads well", async () => {
    const screen = printProcesses(scene(), NOW, false);
    await expect(screen).toMatchFileSnapshot(golden("ps"));
    expect(stripVTControlCharacters(printProcesses(scene(), NOW, true))).toBe(screen);
  });

  it("has the same as JSON, in seconds and bytes", () => {
    const { processes } = processesJson("mymaster", scene(), NOW);
    expect(processes[0]).toEqual({
      node: "redis-master",
      kind: "redis",
      pid: 701,
      state: "running",
      reason: null,
      wanted: true,
      gaveUp: false,
      startedAt: new Date(NOW - 93_784_000).toISOString(),
      uptimeSeconds: 93_784,
      rssBytes: 14_020_000,
      cpuSeconds: 7.01,
    });
    expect(processes.at(-1)).toMatchObject({ node: "steward", kind: "steward", wanted: true, pid: 900 });
  });

  it("does not miss a steward where nothing is meant to be up", () => {
    const { topology } = cluster().master("redis-master").sentinels(1);
    const rows = processRows(
      topology,
      [process("redis-master", { ...stopped, wanted: false })],
      { running: false, pid: null, startedAt: null },
      usage,
    );
    expect(rows.at(-1)).toMatchObject({ node: "steward", state: "stopped", wanted: false, rssBytes: null });
  });
});

describe("info", () => {
  const { topology } = parseTopology(
    "redis: { replicas: 1 }\nsentinel: { count: 1 }\n",
    "/srv/vedette.yaml",
    "vedette.yaml",
  );
  const [master, replica, sentinel] = allNodes(topology);
  if (!master || !replica || !sentinel) throw new Error("three nodes");
  const infos: NodeInfo[] = [
    {
      node: master,
      role: "replica",
      info: parseInfo("# Memory\r\nused_memory:1\r\n\r\n# Stats\r\nlist:a:b\r\n"),
      error: null,
    },
    { node: replica, role: null, info: null, error: "connecting to 127.0.0.1:6380: connection refused" },
    { node: sentinel, role: "sentinel", info: new Map(), error: null },
  ];

  it("reads well, with the role that each node has now", async () => {
    const screen = printInfos(infos, false);
    await expect(screen).toMatchFileSnapshot(golden("info"));
    expect(stripVTControlCharacters(printInfos(infos, true))).toBe(screen);
  });

  it("is parsed into sections as JSON", () => {
    const { nodes } = infoJson("mymaster", infos);
    expect(nodes[0]).toMatchObject({
      node: "redis-master",
      role: "replica",
      info: { memory: { used_memory: "1" }, stats: { list: "a:b" } },
    });
    expect(nodes[1]).toMatchObject({ role: null, info: null, error: expect.stringContaining("refused") });
  });
});

describe("monitor", () => {
  const entry = {
    id: 7,
    time: at(5),
    micros: 12_345,
    command: ["KEYS", "*"],
    client: "127.0.0.1:50000",
    clientName: null,
  };
  const events: SlowEvent[] = [
    { node: "redis-master", kind: "thresholds", slowlogMicros: 10_000, latencyMs: 100 },
    { node: "redis-slave-1", kind: "thresholds", slowlogMicros: -1, latencyMs: 0 },
    { node: "redis-master", kind: "slow", entry },
    {
      node: "redis-master",
      kind: "slow",
      entry: {
        ...entry,
        micros: 900,
        command: ["SET", "a b", "\u001b[2J", "x".repeat(500)],
        clientName: "worker",
      },
    },
    { node: "redis-master", kind: "latency", sample: { event: "aof-fsync-always", time: at(6), ms: 1250 } },
    { node: "redis-master", kind: "missed", count: 12 },
    { node: "redis-slave-1", kind: "lost", reason: "SLOWLOG GET 127.0.0.1:6380: the connection was closed" },
    { node: "redis-slave-1", kind: "back", restarted: true },
  ];
  const screen = (colour: boolean) => {
    const print = slowPrinter(["redis-master", "redis-slave-1"], colour);
    return `${events.map((event) => print(event, at(9))).join("\n")}\n`;
  };

  it("reads well, and cannot steer the terminal", async () => {
    await expect(screen(false)).toMatchFileSnapshot(golden("monitor"));
    expect(stripVTControlCharacters(screen(true))).toBe(screen(false));
  });

  it("is one object a line as JSON", () => {
    const objects: unknown[] = events.map((event) => JSON.parse(slowJson(event, at(9))));
    const times = { time: new Date(at(9)).toISOString() };
    expect(objects[0]).toEqual({
      ...times,
      node: "redis-master",
      kind: "thresholds",
      slowlogLogSlowerThanMicroseconds: 10_000,
      latencyMonitorThresholdMilliseconds: 100,
    });
    expect(objects[2]).toEqual({
      time: new Date(at(5)).toISOString(),
      node: "redis-master",
      kind: "slow",
      id: 7,
      milliseconds: 12.345,
      command: ["KEYS", "*"],
      client: "127.0.0.1:50000",
      clientName: null,
    });
    expect(objects[4]).toMatchObject({ kind: "latency", event: "aof-fsync-always", milliseconds: 1250 });
    expect(objects.slice(5)).toEqual([
      { ...times, node: "redis-master", kind: "missed", count: 12 },
      {
        ...times,
        node: "redis-slave-1",
        kind: "lost",
        reason: "SLOWLOG GET 127.0.0.1:6380: the connection was closed",
      },
      { ...times, node: "redis-slave-1", kind: "back", restarted: true },
    ]);
    const command = { time: at(5), database: 2, client: "lua", command: ["get", "a"] };
    expect(JSON.parse(commandJson("redis-master", command))).toMatchObject({
      node: "redis-master",
      kind: "command",
      database: 2,
    });
  });
});
