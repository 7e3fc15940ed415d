import { spawn, spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { findings } from "../../src/cluster/findings.ts";
import { readHistory } from "../../src/operations/history.ts";
import { startNode } from "../../src/operations/one-node.ts";
import { look } from "../../src/operations/context.ts";
import { ConnectionPool } from "../../src/redis/pool.ts";
import { LiveCluster } from "../kit/live-cluster.ts";
import { Writer } from "../kit/writer.ts";

let cluster: LiveCluster;
afterEach(() => cluster.destroy());

async function pids(): Promise<Record<string, number | null>> {
  return Object.fromEntries((await cluster.runtime.inspect()).map((each) => [each.node, each.pid]));
}

function history(): string[] {
  return readHistory(cluster.runtime.paths.history).map((each) =>
    `${each.kind} ${each.node ?? each.to ?? ""}`.trim(),
  );
}

async function back(node: string, before: number | null | undefined): Promise<void> {
  const again = await until(
    async () => {
      const pid = (await pids())[node];
      return pid !== null && pid !== before;
    },
    { deadlineMs: 20_000 },
  );
  expect(again, `${node} came back`).toBe(true);
}

async function killSteward(): Promise<number> {
  const { pid } = await cluster.runtime.steward();
  if (pid === null) throw new Error("no steward runs");
  process.kill(pid, "SIGKILL");
  await until(async () => !(await cluster.runtime.steward()).running, { deadlineMs: 5_000, everyMs: 10 });
  return pid;
}

describe("supervision", () => {
  it("brings back a replica and a Sentinel, and writes it down", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    const before = await pids();
    for (const node of ["redis-slave-2", "redis-sentinel-3"]) {
      await cluster.runtime.fault(node, "kill");
      await back(node, before[node]);
    }
    await cluster.settled();
    expect(await cluster.master()).toBe("redis-master");
    const story = history();
    for (const node of ["redis-slave-2", "redis-sentinel-3"]) {
      expect(story.indexOf(`node-down ${node}`)).toBeGreaterThan(-1);
      expect(story.lastIndexOf(`node-up ${node}`)).toBeGreaterThan(story.indexOf(`node-down ${node}`));
    }
  });

  it("leaves a crashed master to the Sentinels and then brings it back as a replica", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    const writer = new Writer(cluster).start();
    await writer.wroteAgain();
    const before = (await pids())["redis-master"];
    await cluster.runtime.fault("redis-master", "kill");
    const moved = await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    await back("redis-master", before);
    await cluster.settled();
    await writer.wroteAgain();
    await writer.stop();
    expect((await cluster.look()).master?.node).toBe(moved.master?.node);
    expect(await writer.lost()).toEqual([]);
    const told = readHistory(cluster.runtime.paths.history);
    const restarted = told.findIndex(
      (each) =>
        each.kind === "node-up" &&
        each.node === "redis-master" &&
        each.time > 0 &&
        told.some(
          (down) => down.kind === "node-down" && down.node === "redis-master" && down.time < each.time,
        ),
    );
    const failover = told.findIndex((each) => each.kind === "failover");
    expect(told[failover]).toMatchObject({ from: "redis-master", to: moved.master?.node, epoch: 1 });
    expect(restarted).toBeGreaterThan(-1);
  });

  it("gives up loudly on a node that keeps ending, until it is started by hand", async () => {
    cluster = await LiveCluster.create("supervise: { restarts: 2, window: 60s }");
    await cluster.up({ steward: true });
    for (let n = 0; n < 3; n++) {
      const { "redis-slave-1": pid } = await pids();
      await cluster.runtime.fault("redis-slave-1", "kill");
      if (n < 2) await back("redis-slave-1", pid);
    }
    const seen = await cluster.eventually("it is given up", (now) => now.nodes.some((each) => each.gaveUp));
    const found = findings(cluster.topology, seen).find((each) => each.code === "NODE_GAVE_UP");
    expect(found).toMatchObject({ severity: "error", node: "redis-slave-1" });
    expect(found?.action).toContain("vedette start redis-slave-1");
    expect(history()).toContain("gave-up redis-slave-1");
    await startNode(cluster.ctx, "redis-slave-1", false);
    await cluster.settled();
    const { "redis-slave-1": pid } = await pids();
    await cluster.runtime.fault("redis-slave-1", "kill");
    await back("redis-slave-1", pid);
  });

  it("leaves alone what was stopped on purpose", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    const { stopNode } = await import("../../src/operations/one-node.ts");
    await stopNode(cluster.ctx, "redis-slave-3", false);
    const { "redis-slave-2": pid } = await pids();
    await cluster.runtime.fault("redis-slave-2", "kill");
    await back("redis-slave-2", pid); // the steward has been round: it saw both
    expect((await pids())["redis-slave-3"]).toBeNull();
  });

  it("gives a synced replica its priority back when the helper of its start died", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.kill("redis-slave-1");
    await cluster.call("redis-master", "CONFIG", "SET", "repl-diskless-sync-delay", "3"); // time to kill the helper
    await cluster.start("redis-slave-1");
    const { "redis-slave-1": pid } = await pids();
    const killed = await until(
      async () =>
        helpersOf("redis-slave-1", pid ?? 0).map((helper) => process.kill(helper, "SIGKILL")).length > 0,
      { deadlineMs: 2_000, everyMs: 5 },
    );
    expect(killed).toBe(true);
    const synced = await cluster.eventually("it is in sync", (now) => now.nodes[1]?.link === "up");
    expect(synced.nodes[1]?.priority).toBe(0);
    await cluster.runtime.startSteward();
    await cluster.eventually("it may be promoted", (now) => now.nodes[1]?.priority === 100);
  });
});

describe("the control plane is expendable", () => {
  it("kill -9 of the steward changes nothing, and the next up adopts what runs", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    const writer = new Writer(cluster).start();
    await writer.wroteAgain();
    const before = await pids();
    const steward = await killSteward();
    await writer.wroteAgain();
    expect(findings(cluster.topology, await cluster.look()).map((each) => each.code)).toContain(
      "STEWARD_DOWN",
    );
    await cluster.up({ steward: true });
    expect(await pids()).toEqual(before);
    expect((await cluster.runtime.steward()).pid).not.toBe(steward);
    await cluster.runtime.fault("redis-slave-1", "kill"); // adopted, not its child
    await back("redis-slave-1", before["redis-slave-1"]);
    await cluster.settled();
    await writer.stop();
    expect(await writer.lost()).toEqual([]);
  });

  it("looks over connections that it keeps, and hears of their end", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    const ended: number[] = [];
    const pool = new ConnectionPool((_, port) => ended.push(port));
    await look({ ...cluster.ctx, pool });
    for (const { host, port } of [...cluster.topology.redis.nodes, ...cluster.topology.sentinel.nodes]) {
      expect((await pool.get({ host, port, deadlineMs: 1_000 })).reused).toBe(true);
    }
    const [, replica] = cluster.topology.redis.nodes;
    await cluster.runtime.fault("redis-slave-1", "kill");
    expect(await until(async () => ended.length > 0, { deadlineMs: 5_000, everyMs: 5 })).toBe(true);
    expect(ended).toEqual([replica?.port]);
    expect((await look({ ...cluster.ctx, pool })).nodes[1]?.state).toBe("down");
    pool.close();
    expect(ended).toHaveLength(1);
  });

  it("has one steward per cluster", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    const { pid } = await cluster.runtime.steward();
    const second = spawnSync(process.execPath, ["dist/steward.js", "-f", join(cluster.dir, "vedette.yaml")], {
      encoding: "utf8",
    });
    expect(second.status).toBe(0);
    expect(second.stdout).toContain(`has a steward already (pid ${pid})`);
    expect((await cluster.runtime.steward()).pid).toBe(pid);
  });

  it("a steward whose cluster's state was deleted ends by itself", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    const { pid } = await cluster.runtime.steward();
    const { down } = await import("../../src/operations/down.ts");
    // Not wanted any more, or the steward would first react to the master's death.
    const all = [...cluster.redis(), ...cluster.sentinels()];
    await cluster.runtime.want(Object.fromEntries(all.map((node) => [node, false])));
    await cluster.killAll();
    const { rmSync } = await import("node:fs");
    // What it writes in this very moment may be in the way of a deletion, which is then tried again.
    const deleted = async () => {
      try {
        rmSync(cluster.topology.stateDir, { recursive: true, force: true });
        return true;
      } catch {
        return null;
      }
    };
    expect(await until(deleted, { deadlineMs: 5_000 })).toBe(true);
    const gone = await until(
      async () => !existsSync(`/proc/${pid}`) || readFileSync(`/proc/${pid}/stat`, "utf8").includes(") Z"),
      { deadlineMs: 20_000 },
    );
    expect(gone).toBe(true);
    expect(existsSync(cluster.topology.stateDir)).toBe(false);
    await down(cluster.ctx, false);
  });

  it("never takes a stranger that got a node's pid for the node", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.kill("redis-slave-1");
    const stranger = spawn("sleep", ["120"]);
    try {
      const [, start, boot] = readFileSync(cluster.runtime.paths.pid("redis-slave-2"), "utf8").split(" ");
      writeFileSync(cluster.runtime.paths.pid("redis-slave-1"), `${stranger.pid} ${start} ${boot}`);
      expect((await pids())["redis-slave-1"]).toBeNull();
      expect((await cluster.runtime.stop("redis-slave-1", "kill", 1_000)).how).toBe("already");
      await cluster.start("redis-slave-1");
      await cluster.eventually("it is in sync again", (now) => now.nodes[1]?.link === "up");
      expect(stranger.exitCode).toBeNull();
      expect(stranger.signalCode).toBeNull();
    } finally {
      stranger.kill("SIGKILL");
    }
  });
});

describe("housekeeping", () => {
  it("rotates logs and loses no line", async () => {
    cluster = await LiveCluster.create("logs: { maxSize: 1kb, keep: 3 }");
    await cluster.up({ steward: true });
    const log = cluster.runtime.paths.log("redis-slave-1");
    await until(async () => existsSync(`${log}.1`), { deadlineMs: 20_000 });
    const before = readFileSync(`${log}.1`, "utf8");
    expect(before).toContain("Ready to accept connections");
    await cluster.call("redis-slave-1", "BGREWRITEAOF");
    const written = await until(
      async () => existsSync(log) && readFileSync(log, "utf8").includes("rewriting"),
      { deadlineMs: 10_000 },
    );
    expect(written).toBe(true);
    expect((await cluster.runtime.logFiles("redis-slave-1")).length).toBeGreaterThan(1);
  });

  it("sets Sentinel's periods again after its restart", { timeout: 60_000 }, async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    const { "redis-sentinel-1": pid } = await pids();
    await cluster.runtime.fault("redis-sentinel-1", "kill");
    await back("redis-sentinel-1", pid);
    const set = await until(
      async () => {
        const reply = (await cluster
          .call("redis-sentinel-1", "SENTINEL", "DEBUG")
          .catch(() => [])) as string[];
        return reply[reply.indexOf("INFO-PERIOD") + 1] === "500";
      },
      { deadlineMs: 25_000 },
    );
    expect(set).toBe(true);
  });
});

/** The processes of a node's start script that are not the server itself. */
function helpersOf(node: string, server: number): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== server)
    .filter((pid) => {
      try {
        return (
          readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(
            join(cluster.topology.stateDir, "redis", node),
          ) && readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("sh")
        );
      } catch {
        return false;
      }
    })
    .map(Number);
}
