import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock, until } from "../../src/clock.ts";
import { findings } from "../../src/cluster/findings.ts";
import { observe } from "../../src/cluster/observe.ts";
import type { RuntimeFacts, Snapshot } from "../../src/cluster/snapshot.ts";
import { connect } from "../../src/redis/client.ts";
import type { ClusterNode, Topology } from "../../src/topology/model.ts";
import { cluster } from "../kit/cluster.ts";

const HOST = "127.0.0.1";
const PORTS = { "redis-master": 17200, "redis-slave-1": 17201, closed: 17202, alone: 17203 };
const SENTINEL_PORT = 17210;
const DEADLINE_MS = 400;
/** What a busy machine may add to a look. */
const SLACK_MS = 400;

const root = mkdtempSync(join(tmpdir(), "vedette-observe-"));
const running = new Map<string, ChildProcess>();

function start(name: string, command: string, args: string[]): ChildProcess {
  const child = spawn(command, args, { cwd: root, stdio: "ignore" });
  running.set(name, child);
  return child;
}

function startRedis(name: string, port: number, ...extra: string[]): ChildProcess {
  const common = ["--port", String(port), "--bind", HOST, "--save", "", "--repl-diskless-sync-delay", "0"];
  return start(name, "redis-server", [...common, "--dbfilename", `${name}.rdb`, "--dir", root, ...extra]);
}

function startSentinel(at: number): void {
  const file = join(root, `sentinel-${at}.conf`);
  const lines = [
    `port ${SENTINEL_PORT + at}`,
    `bind ${HOST}`,
    `dir "${root}"`,
    `sentinel monitor mymaster ${HOST} ${PORTS["redis-master"]} 2`,
    "sentinel down-after-milliseconds mymaster 60000",
  ];
  writeFileSync(file, `${lines.join("\n")}\n`);
  start(`redis-sentinel-${at + 1}`, "redis-sentinel", [file]);
}

async function end(name: string): Promise<void> {
  const child = running.get(name);
  running.delete(name);
  if (!child || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}

/** The seed's names on this test's ports. */
function topologyOf(build: ReturnType<typeof cluster>, ports: Record<string, number>): Topology {
  const { topology } = build;
  const move = (node: ClusterNode, port: number) =>
    Object.assign(node, { port, reach: { host: HOST, port } });
  for (const node of topology.redis.nodes) move(node, ports[node.id] ?? node.port);
  for (const [at, node] of topology.sentinel.nodes.entries()) move(node, SENTINEL_PORT + at);
  // What these Sentinels were started with.
  topology.sentinel.downAfterMs = topology.sentinel.startDownAfterMs = 60_000;
  return topology;
}

function facts(): RuntimeFacts {
  const processes = [...running].map(([node, child]) => ({
    node,
    state: "running" as const,
    pid: child.pid ?? null,
    startedAt: null,
    reason: null,
    wanted: true,
    gaveUp: false,
  }));
  return { processes, steward: { running: true, pid: 1, startedAt: null }, operation: null, pause: null };
}

async function look(topology: Topology, password: string | null = null): Promise<Snapshot> {
  return observe(topology, facts(), { password, deadlineMs: DEADLINE_MS, clock: systemClock });
}

const bad = (topology: Topology, snapshot: Snapshot) =>
  findings(topology, snapshot)
    .filter(({ severity }) => severity !== "info")
    .map(({ code, node }) => `${code} ${node ?? ""}`.trim());

const nodeOf = (snapshot: Snapshot, id: string) => {
  const found = snapshot.nodes.find(({ node }) => node === id);
  if (!found) throw new Error(`no ${id} in the snapshot`);
  return found;
};

async function waitFor(what: string, condition: () => Promise<unknown>): Promise<void> {
  const met = await until(async () => Boolean(await condition().catch(() => false)), {
    deadlineMs: 40_000,
    everyMs: 100,
  });
  if (met === null) throw new Error(`${what}: not within 40 s`);
}

afterAll(async () => {
  await Promise.all([...running.keys()].map(end));
  rmSync(root, { recursive: true, force: true });
});

describe("observe, on a real pair with three Sentinels", () => {
  const topology = topologyOf(cluster().master("redis-master").replica("redis-slave-1").sentinels(3), PORTS);

  beforeAll(async () => {
    startRedis("redis-master", PORTS["redis-master"]);
    startRedis("redis-slave-1", PORTS["redis-slave-1"], "--replicaof", `${HOST} ${PORTS["redis-master"]}`);
    await waitFor("the replica's link", async () => {
      const snapshot = await look(topology);
      return nodeOf(snapshot, "redis-slave-1").link === "up";
    });
    for (const at of [0, 1, 2]) startSentinel(at);
    await waitFor("agreement", async () => bad(topology, await look(topology)).length === 0);
  });

  it("sees a healthy cluster as healthy, and its facts as they are", async () => {
    const connection = await connect({ host: HOST, port: PORTS["redis-master"], deadlineMs: 1000 });
    await connection.call("SET", "a", "1");
    await connection.call("WAIT", 1, 1000);
    connection.close();
    const snapshot = await look(topology);
    expect(bad(topology, snapshot)).toEqual([]);
    expect(snapshot.master).toEqual({ host: HOST, port: PORTS["redis-master"], node: "redis-master" });
    expect(snapshot).toMatchObject({ epoch: 0, quorum: { ok: true, needed: 2, reachable: 3 } });
    expect(nodeOf(snapshot, "redis-master")).toMatchObject({
      state: "up",
      role: "master",
      fenced: false,
      connectedReplicas: 1,
      keys: { db0: 1 },
      pid: running.get("redis-master")?.pid,
    });
    expect(nodeOf(snapshot, "redis-slave-1")).toMatchObject({
      role: "replica",
      link: "up",
      follows: { host: HOST, port: PORTS["redis-master"] },
      lagBytes: 0,
      priority: 100,
    });
    for (const sentinel of snapshot.sentinels) {
      expect(sentinel).toMatchObject({
        up: true,
        masterNode: "redis-master",
        quorumOk: true,
        otherSentinels: 2,
        tilt: false,
      });
      expect(sentinel.replicas).toMatchObject([
        { port: PORTS["redis-slave-1"], linkUp: true, priority: 100 },
      ]);
    }
  });

  it("sees the start fence and a priority of 0 as they are set", async () => {
    const master = await connect({ host: HOST, port: PORTS["redis-master"], deadlineMs: 1000 });
    const replica = await connect({ host: HOST, port: PORTS["redis-slave-1"], deadlineMs: 1000 });
    await master.call("CONFIG", "SET", "min-replicas-to-write", 1000);
    await replica.call("CONFIG", "SET", "replica-priority", 0);
    const snapshot = await look(topology);
    await master.call("CONFIG", "SET", "min-replicas-to-write", 0);
    await replica.call("CONFIG", "SET", "replica-priority", 100);
    master.close();
    replica.close();
    expect(bad(topology, snapshot)).toEqual([
      "MASTER_FENCED redis-master",
      "REPLICA_NOT_PROMOTABLE redis-slave-1",
    ]);
  });

  it("is not delayed beyond the deadline by a node and a Sentinel that hang, and tells the rest in full", async () => {
    const hung = ["redis-slave-1", "redis-sentinel-3"].map((name) => running.get(name));
    for (const child of hung) child?.kill("SIGSTOP");
    try {
      const started = performance.now();
      const snapshot = await look(topology);
      expect(performance.now() - started).toBeLessThan(DEADLINE_MS + SLACK_MS);
      expect(nodeOf(snapshot, "redis-slave-1")).toMatchObject({ state: "unreachable", role: null });
      expect(nodeOf(snapshot, "redis-slave-1").reason).toMatch(
        /INFO.* 127\.0\.0\.1:17201: timed out after \d+ ms/,
      );
      expect(nodeOf(snapshot, "redis-master")).toMatchObject({ state: "up", role: "master" });
      expect(snapshot.quorum).toEqual({ ok: true, needed: 2, reachable: 2 });
      expect(bad(topology, snapshot)).toEqual([
        "NODE_UNREACHABLE redis-slave-1",
        "SENTINEL_DOWN redis-sentinel-3",
      ]);
    } finally {
      for (const child of hung) child?.kill("SIGCONT");
    }
    await waitFor("recovery", async () => bad(topology, await look(topology)).length === 0);
  });

  it("tells a dead node at once, without waiting for the deadline", async () => {
    await end("redis-slave-1");
    const started = performance.now();
    const snapshot = await look(topology);
    expect(performance.now() - started).toBeLessThan(DEADLINE_MS);
    expect(nodeOf(snapshot, "redis-slave-1")).toMatchObject({ state: "down", pid: null });
  });
});

describe("observe, on a single node", () => {
  const topology = topologyOf(cluster().master("alone").sentinel("redis-sentinel-1"), PORTS);
  Object.assign(topology.sentinel.nodes[0], {
    port: PORTS.closed,
    reach: { host: HOST, port: PORTS.closed },
  });

  it("tells a password that is missing or wrong from a node that is down", async () => {
    startRedis("alone", PORTS.alone, "--requirepass", "right");
    await waitFor("start", async () => nodeOf(await look(topology, "right"), "alone").state === "up");
    for (const [password, reply] of [
      [null, "NOAUTH"],
      ["wrong", "WRONGPASS"],
    ] as const) {
      const snapshot = await look(topology, password);
      expect(nodeOf(snapshot, "alone")).toMatchObject({ state: "unreachable", authError: true });
      expect(nodeOf(snapshot, "alone").reason).toContain(reply);
      expect(bad(topology, snapshot)).toContain("NODE_AUTH alone");
    }
    await end("alone");
  });

  it("sees a node that loads its data", async () => {
    startRedis("alone", PORTS.alone, "--enable-debug-command", "yes");
    await waitFor("start", async () => nodeOf(await look(topology), "alone").state === "up");
    const connection = await connect({ host: HOST, port: PORTS.alone, deadlineMs: 5000 });
    await connection.call("DEBUG", "POPULATE", 20_000);
    await connection.call("SAVE");
    connection.close();
    await end("alone");
    // Redis' own test knobs: a pause for every key, and a look at clients in between.
    startRedis(
      "alone",
      PORTS.alone,
      "--key-load-delay",
      "1000",
      "--loading-process-events-interval-bytes",
      "1024",
    );
    await waitFor("loading", async () => nodeOf(await look(topology), "alone").state === "loading");
    const snapshot = await look(topology);
    expect(nodeOf(snapshot, "alone")).toMatchObject({ state: "loading", role: "master" });
    expect(bad(topology, snapshot)).toContain("NODE_LOADING alone");
    await end("alone");
  });
});
