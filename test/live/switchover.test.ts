import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { readHistory } from "../../src/operations/history.ts";
import { readSwitchover } from "../../src/operations/switchover-record.ts";
import { switchover } from "../../src/operations/switchover.ts";
import type { NodeId } from "../../src/topology/model.ts";
import { LiveCluster } from "../kit/live-cluster.ts";
import { Prober } from "../kit/prober.ts";
import { Writer } from "../kit/writer.ts";

let cluster: LiveCluster;
const writers: Writer[] = [];
afterEach(async () => {
  await Promise.all(writers.splice(0).map((writer) => writer.stop()));
  await cluster.destroy();
});

const never = new AbortController().signal;

/** Quick hellos, so that a move is old enough for the next one after a second. */
const QUICK =
  "sentinel: { port: SENTINELS, downAfter: 3s, failoverTimeout: 5s, periods: { info: 500ms, publish: 300ms } }";

async function started(options: { steward?: boolean } = {}): Promise<void> {
  cluster = await LiveCluster.create(`redis: { port: BASE }\n${QUICK}`);
  await cluster.up(options);
  await cluster.settled();
}

async function writing(count: number, round = ""): Promise<Writer[]> {
  const begun = Array.from({ length: count }, (_, i) => new Writer(cluster, `${round}w${i}:`).start());
  writers.push(...begun);
  await Promise.all(begun.map((writer) => writer.wroteAgain()));
  return begun;
}

async function setting(node: NodeId, name: string): Promise<string> {
  return String(((await cluster.call(node, "CONFIG", "GET", name)) as string[])[1]);
}

/** Settings in force, and those that a restart would find. */
async function settings(): Promise<Record<string, unknown>> {
  const all = await Promise.all(
    cluster.redis().map(async (node) => {
      const conf = readFileSync(join(cluster.runtime.paths.redis(node), "redis.conf"), "utf8");
      const onDisk = (name: string) => new RegExp(`^${name} (\\S+)`, "m").exec(conf)?.[1] ?? "default";
      return [
        node,
        {
          priority: await setting(node, "replica-priority"),
          minReplicas: await setting(node, "min-replicas-to-write"),
          onDisk: [onDisk("replica-priority"), onDisk("min-replicas-to-write")],
        },
      ] as const;
    }),
  );
  return Object.fromEntries(all);
}

/** The move is old enough for the next one. */
async function calm(): Promise<void> {
  await cluster.settled();
  const last = readHistory(cluster.runtime.paths.history).findLast(
    ({ kind }) => kind === "switchover" || kind === "failover",
  );
  const calmAt = (last?.time ?? 0) + 4 * cluster.topology.sentinel.periods.publish;
  await until(async () => Date.now() > calmAt, { deadlineMs: 20_000 });
}

describe("a switchover", () => {
  it("moves the master round the cluster under four writers, and loses no acknowledged write", async () => {
    await started();
    const before = await settings();
    const busy = await writing(4);
    for (const to of ["redis-slave-1", "redis-slave-3", "redis-master"]) {
      await calm();
      const from = await cluster.master();
      const prober = new Prober(cluster).start();
      const result = await switchover(cluster.ctx, { to, reason: "practice" }, never);
      await Promise.all(busy.map((writer) => writer.wroteAgain()));
      await prober.stop();
      expect(result).toMatchObject({ from, to, promoted: to, lost: 0, reason: "practice" });
      expect(result.epoch).toBe((result.epochBefore ?? 0) + 1);
      expect(await cluster.master()).toBe(to);
      expect(prober.secondMasters()).toEqual([]);
      const event = readHistory(cluster.runtime.paths.history).findLast(({ kind }) => kind === "switchover");
      expect(event).toMatchObject({ from, to, epoch: result.epoch, by: "vedette switchover" });
      expect(event?.cause).toContain("practice");
    }
    await Promise.all(busy.map((writer) => writer.stop()));
    for (const writer of busy) expect(await writer.lost(true)).toEqual([]);
    expect((await cluster.settled()).epoch).toBe(3);
    expect(await settings()).toEqual({ ...before });
  });

  it("without a wish takes a fit replica; one event for one move, also where a steward watches", async () => {
    await started({ steward: true });
    const from = await cluster.master();
    const result = await switchover(cluster.ctx, { to: null, reason: null }, never);
    expect(result.promoted).not.toBe(from);
    await cluster.settled();
    const seen = async () => (await cluster.runtime.records()).positions?.master === result.promoted;
    expect(await until(seen, { deadlineMs: 15_000 })).not.toBeNull();
    const moves = readHistory(cluster.runtime.paths.history).filter(({ kind }) =>
      ["failover", "switchover"].includes(kind),
    );
    expect(moves).toHaveLength(1);
  });

  it("is refused with the reason, and touches nothing", async () => {
    await started();
    const refused = (to: NodeId | null, expectation?: { master: NodeId; epoch: number }) =>
      switchover(cluster.ctx, { to, reason: null, ...(expectation && { expect: expectation }) }, never).then(
        () => "done",
        (error: Error) => error.message,
      );
    const before = await settings();
    expect(await refused("redis-master")).toContain("redis-master is the master already");
    expect(await refused("redis-slave-9")).toContain("no node called redis-slave-9");
    expect(await refused("redis-sentinel-1")).toContain("is a Sentinel");
    expect(await refused(null, { master: "redis-slave-1", epoch: 0 })).toContain(
      "by now; nothing was touched",
    );
    await cluster.kill("redis-slave-2");
    expect(await refused("redis-slave-2")).toContain("redis-slave-2 is down");
    await cluster.call("redis-slave-1", "CONFIG", "SET", "replica-priority", "0");
    expect(await refused("redis-slave-1")).toContain("may not be promoted");
    await cluster.call("redis-slave-1", "CONFIG", "SET", "replica-priority", "100");
    await cluster.start("redis-slave-2");
    await cluster.settled();
    expect(await settings()).toEqual(before);
    await cluster.kill("redis-sentinel-1", "redis-sentinel-2");
    expect(await refused("redis-slave-1")).toMatch(/no majority|Sentinels answer/);
    expect(readSwitchover(cluster.topology)).toBeNull();
  });
});

describe("a switchover that fails", () => {
  it("because the candidate does not catch up gives everything back", async () => {
    await started();
    const before = await settings();
    const [writer] = await writing(1);
    // Frozen in the last moment: every look before has found it well.
    let hung = false;
    const runtime = Object.assign(Object.create(cluster.runtime) as typeof cluster.runtime, {
      hold: async (...args: Parameters<typeof cluster.runtime.hold>) => {
        await cluster.runtime.hold(...args);
        await cluster.runtime.fault("redis-slave-1", "hang");
        hung = true;
      },
    });
    const failing = switchover({ ...cluster.ctx, runtime }, { to: "redis-slave-1", reason: null }, never);
    // Its own settings come back only once it answers; the writers need not wait for that.
    const failed = expect(failing).rejects.toThrow(/redis-slave-1/);
    expect(await until(async () => hung, { deadlineMs: 20_000 })).not.toBeNull();
    await writer?.stalled(); // writes are paused: one that was acknowledged before says nothing
    await writer?.wroteAgain();
    await cluster.runtime.fault("redis-slave-1", "continue");
    await failed;
    await cluster.settled();
    expect(readSwitchover(cluster.topology)?.state).toBe("undone");
    expect(await cluster.master()).toBe("redis-master");
    expect((await cluster.look()).epoch).toBe(0);
    expect(await settings()).toEqual(before);
    await writer?.stop();
    expect(await writer?.lost(true)).toEqual([]);
  });

  it("because it was interrupted in time gives everything back", async () => {
    await started();
    const before = await settings();
    const end = new AbortController();
    const doing = switchover(cluster.ctx, { to: "redis-slave-1", reason: null }, end.signal);
    const ended = expect(doing).rejects.toThrow(/enough; everything is as it was before/);
    await until(async () => (readSwitchover(cluster.topology)?.changed.length ?? 0) > 0, {
      deadlineMs: 10_000,
      everyMs: 1,
    });
    end.abort(new Error("enough"));
    await ended;
    await cluster.settled();
    expect(await cluster.master()).toBe("redis-master");
    expect(await settings()).toEqual(before);
  });
});

describe("kill -9 of the command", () => {
  /** Kills the command as soon as its record says so, and heals with the next one. */
  async function killedWhen(ready: () => Promise<boolean>, heal: () => Promise<unknown>): Promise<void> {
    const before = await settings();
    const busy = await writing(2, `${Math.random()}`.slice(2, 6));
    const from = await cluster.master();
    const to = from === "redis-slave-1" ? "redis-slave-2" : "redis-slave-1";
    const args = [
      "dist/vedette.js",
      "-f",
      join(cluster.dir, "vedette.yaml"),
      "switchover",
      "--yes",
      "--to",
      to,
    ];
    const command = spawn(process.execPath, args, { stdio: "ignore" });
    const exited = new Promise((resolve) => command.once("exit", resolve));
    expect(await until(ready, { deadlineMs: 20_000, everyMs: 1 })).not.toBeNull();
    command.kill("SIGKILL");
    await exited;
    await Promise.all(busy.map((writer) => writer.wroteAgain()));
    await heal();
    await cluster.settled();
    const named = await cluster.master();
    expect([from, to]).toContain(named);
    expect(readSwitchover(cluster.topology)?.state).not.toBe("running");
    expect(await settings()).toEqual(before);
    await Promise.all(busy.map((writer) => writer.stop()));
    for (const writer of busy) expect(await writer.lost(true)).toEqual([]);
  }
  const record = () => readSwitchover(cluster.topology);
  const preferring = async () => record()?.state === "running" && (record()?.changed.length ?? 0) > 0;
  const fenced = async () => record()?.changed.some(({ name }) => name === "min-replicas-to-write") === true;
  const asked = async () => record()?.asked !== null && record()?.state === "running";
  const moved = async () => record()?.moved !== null && record()?.state === "running";

  it.each([
    ["while the Sentinels are being convinced", preferring],
    ["when writes are about to pause", fenced],
    ["when the Sentinel is about to be asked", asked],
    ["when the master has moved", moved],
  ])("%s: the next command ends it", async (_, ready) => {
    await started();
    await killedWhen(ready, () => cluster.up());
  });

  it("at random moments: a steward ends it by itself", async () => {
    await started({ steward: true });
    for (const ready of [preferring, fenced, asked]) {
      await calm();
      await killedWhen(ready, async () =>
        until(async () => record()?.state !== "running", { deadlineMs: 30_000 }),
      );
    }
  });
});
