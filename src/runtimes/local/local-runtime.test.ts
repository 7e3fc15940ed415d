import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import { until } from "../../clock.ts";
import { UsageError } from "../../errors.ts";
import type { Topology } from "../../topology/model.ts";
import { LocalRuntime } from "./local-runtime.ts";

// Real processes, stubs in the place of Redis: no Sentinel answers, so a data node waits to start.

const SENTINEL = "redis-sentinel-1";
const NODE = "redis-slave-1";
const FIRST = { master: { host: "127.0.0.1", port: 6379 }, epoch: 0 };
const path = process.env["PATH"];

let dir: string;
let topology: Topology;
let runtime: LocalRuntime;

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), "vedette-runtime-")), `it's "here"`);
  mkdirSync(join(dir, "bin"), { recursive: true });
  stub("redis-cli", "exit 1");
  stub("redis-server", `echo "$@" >>'${dir.replaceAll("'", `'\\''`)}/starts'; exec sleep 60`);
  process.env["PATH"] = `${join(dir, "bin")}:${path}`;
  topology = { ...seedCluster().topology, stateDir: join(dir, "state") };
  topology.redis.nodes.forEach((node) => (node.dataDir = join(dir, "data", node.id)));
  runtime = new LocalRuntime(topology, null);
});

afterEach(async () => {
  for (const { node } of await runtime.inspect()) await runtime.stop(node, "kill", 5_000);
  process.env["PATH"] = path;
  rmSync(join(dir, ".."), { recursive: true, force: true });
});

function stub(name: string, text: string): void {
  writeFileSync(join(dir, "bin", name), `#!/bin/sh\n${text}\n`);
  chmodSync(join(dir, "bin", name), 0o755);
}

async function start(node: string, options: { force?: boolean } = {}) {
  await runtime.prepare(node, FIRST);
  return runtime.start(node, options);
}

async function state(node: string): Promise<string | undefined> {
  return (await runtime.inspect()).find((each) => each.node === node)?.state;
}

const becomes = (node: string, wanted: string) =>
  until(async () => (await state(node)) === wanted, { deadlineMs: 10_000, everyMs: 10 });

const starts = (): number =>
  existsSync(join(dir, "starts")) ? readFileSync(join(dir, "starts"), "utf8").trim().split("\n").length : 0;

describe("start", () => {
  it("starts a process once", async () => {
    const first = await start(SENTINEL);
    expect(first.already).toBe(false);
    expect(await start(SENTINEL)).toEqual({ pid: first.pid, already: true });
    expect(await state(SENTINEL)).toBe("running");
  });

  it("says what to install when Redis is missing, and starts nothing", async () => {
    process.env["PATH"] = "/nowhere";
    await expect(runtime.prepare(SENTINEL, FIRST)).rejects.toThrow(
      "looking for redis-server: it is not on PATH",
    );
  });

  it("says what the server said when it ends at once", async () => {
    writeFileSync(join(dir, "bin", "redis-server"), "#!/bin/sh\necho 'bad directive' >&2; exit 3\n");
    await runtime.prepare(SENTINEL, FIRST);
    // It may have claimed its pid file before it ended.
    const outcome = await runtime.start(SENTINEL).then(
      () => "",
      (error: unknown) => String(error),
    );
    if (outcome !== "") expect(outcome).toContain("exit code 3");
    await becomes(SENTINEL, "stopped");
    await until(async () => runtime.endingOf(SENTINEL) !== null, { deadlineMs: 5_000 });
    expect(runtime.endingOf(SENTINEL)).toBe("exit code 3");
    expect(runtime.logTail(SENTINEL)).toContain("bad directive");
  });
});

describe("a node that is forced to be master", () => {
  it("starts without any Sentinel, and the order is used up", async () => {
    await start(NODE, { force: true });
    expect(await until(async () => starts() === 1, { deadlineMs: 10_000 })).toBe(true);
    expect(existsSync(runtime.paths.force(NODE))).toBe(false);
  });

  it("may be waiting already", async () => {
    await start(NODE);
    await becomes(NODE, "waiting");
    expect(await start(NODE, { force: true })).toMatchObject({ already: true });
    expect(await until(async () => starts() === 1, { deadlineMs: 10_000 })).toBe(true);
  });

  it("is not forced at a later start, when it ran already as it was told", async () => {
    await start(NODE, { force: true });
    await until(async () => starts() === 1, { deadlineMs: 10_000 });
    expect(await start(NODE, { force: true })).toMatchObject({ already: true });
    expect(existsSync(runtime.paths.force(NODE))).toBe(false);
    await runtime.stop(NODE, "kill", 5_000);
    await start(NODE);
    await becomes(NODE, "waiting");
    expect(await state(NODE)).toBe("waiting");
    expect(starts()).toBe(1);
  });

  it("is not forced by an order that an earlier start left behind", async () => {
    await runtime.prepare(NODE, FIRST);
    writeFileSync(runtime.paths.force(NODE), "");
    await runtime.start(NODE);
    await becomes(NODE, "waiting");
    expect(starts()).toBe(0);
  });
});

describe("stop", () => {
  it("ends a process politely, and one that does not listen by force", async () => {
    await start(SENTINEL);
    expect(await runtime.stop(SENTINEL, "graceful", 5_000)).toMatchObject({ how: "graceful" });
    expect(await runtime.stop(SENTINEL, "graceful", 5_000)).toEqual({
      node: SENTINEL,
      how: "already",
      ms: 0,
    });
    stub(
      "redis-server",
      `trap '' TERM; touch '${dir.replaceAll("'", `'\\''`)}/deaf'; while :; do sleep 1; done`,
    );
    await start(SENTINEL);
    await until(async () => existsSync(join(dir, "deaf")), { deadlineMs: 5_000 });
    expect(await runtime.stop(SENTINEL, "graceful", 300)).toMatchObject({ how: "killed" });
    expect(await state(SENTINEL)).toBe("stopped");
  });

  it("ends a process that hangs", async () => {
    await start(SENTINEL);
    await runtime.fault(SENTINEL, "hang");
    expect(await runtime.stop(SENTINEL, "graceful", 5_000)).toMatchObject({ how: "graceful" });
  });

  it("does not kill a node that has not saved what it holds", async () => {
    const node = topology.redis.nodes.find(({ id }) => id === NODE)!;
    node.appendOnly = false;
    stub(
      "redis-server",
      `trap '' TERM; touch '${dir.replaceAll("'", `'\\''`)}/deaf'; while :; do sleep 1; done`,
    );
    await start(NODE, { force: true });
    await until(async () => existsSync(join(dir, "deaf")), { deadlineMs: 5_000 });
    await expect(runtime.stop(NODE, "graceful", 300)).rejects.toThrow(
      /killing it would lose what it has not saved/,
    );
    expect(await state(NODE)).toBe("running");
  });

  it("notes a clean stop of a server, not of a node that only waited to become one", async () => {
    const note = join(runtime.paths.redis(NODE), "clean-stop");
    await start(NODE);
    await becomes(NODE, "waiting");
    await runtime.stop(NODE, "graceful", 5_000);
    expect(existsSync(note)).toBe(false);
    await start(NODE, { force: true });
    await until(async () => starts() === 1, { deadlineMs: 10_000 });
    await runtime.stop(NODE, "graceful", 5_000);
    expect(existsSync(note)).toBe(true);
  });

  it("has no process to send a fault to", async () => {
    await expect(runtime.fault(SENTINEL, "kill")).rejects.toThrow(/it has no process/);
  });
});

describe("the lease", () => {
  it("is one at a time, and its refusal names the holder", async () => {
    const clock = { now: () => 1, monotonic: () => (ticks += 1_000), sleep: async () => {} };
    let ticks = 0;
    runtime = new LocalRuntime(topology, null, clock);
    const lease = await runtime.lease("up");
    await expect(runtime.lease("down")).rejects.toThrow(
      `\`up\` (pid ${process.pid}) is at work on cluster mymaster`,
    );
    expect(await runtime.operation()).toMatchObject({ name: "up", token: lease.token });
    await lease.release();
    expect(await runtime.operation()).toBeNull();
    const next = await runtime.lease("down");
    expect(next.token).toBe(lease.token + 1);
    await next.release();
  });
});

describe("notes for whoever comes next", () => {
  it("are merged, not replaced", async () => {
    await runtime.want({ [NODE]: true });
    await runtime.want({ [SENTINEL]: true });
    await runtime.want({ [NODE]: false });
    const wanted = Object.fromEntries((await runtime.inspect()).map((each) => [each.node, each.wanted]));
    expect(wanted).toMatchObject({ [NODE]: false, [SENTINEL]: true, "redis-master": false });
  });

  it("hold a node back in one line, in whole seconds, rounded up", async () => {
    await runtime.hold(NODE, 1_001, "a\nreason");
    expect(readFileSync(runtime.paths.hold(NODE), "utf8")).toBe("2 a reason\n");
    await runtime.releaseHold(NODE);
    expect(existsSync(runtime.paths.hold(NODE))).toBe(false);
  });
});

describe("the state directory", () => {
  it("is refused when an address has changed under it", async () => {
    await runtime.claimState();
    topology.redis.nodes[0].port = 7000;
    await expect(new LocalRuntime(topology, null).claimState()).rejects.toThrow(UsageError);
  });

  it("and data kept elsewhere are what a cluster leaves, each once", async () => {
    expect(await runtime.belongings()).toEqual([]);
    await runtime.prepare(NODE, FIRST);
    const names = async () => (await runtime.belongings()).map(({ name }) => name);
    expect(await names()).toEqual([topology.stateDir, join(dir, "data", NODE)]);
    topology.redis.nodes.forEach((node) => (node.dataDir = join(topology.stateDir, "redis", node.id)));
    expect(await names()).toEqual([topology.stateDir]);
  });
});
