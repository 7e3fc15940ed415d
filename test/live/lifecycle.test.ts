import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { withNode } from "../../src/operations/context.ts";
import { identify } from "../../src/runtimes/state/identity.ts";
import { vedette, vedetteRunning } from "../kit/cli.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

let cluster: LiveCluster;
afterEach(() => cluster.destroy());

async function alive(): Promise<string[]> {
  return (await cluster.runtime.inspect()).filter((each) => each.pid !== null).map((each) => each.node);
}

function rewriteTopology(change: (text: string) => string): void {
  const file = join(cluster.dir, "vedette.yaml");
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

function conf(node: string): string {
  const path = node.includes("sentinel") ? `sentinel/${node}/sentinel.conf` : `redis/${node}/redis.conf`;
  return readFileSync(join(cluster.topology.stateDir, path), "utf8");
}

describe("up and down", () => {
  it("up prints the picture, status agrees, up again touches nothing, down leaves nothing running", async () => {
    cluster = await LiveCluster.create();
    const first = vedette(cluster.dir, "up");
    expect(first.code, first.err).toBe(0);
    for (const node of [...cluster.topology.redis.nodes, ...cluster.topology.sentinel.nodes]) {
      expect(first.out).toContain(`${node.host}:${node.port}`);
    }
    const status = vedette(cluster.dir, "status", "--json");
    expect(status.code, status.out).toBe(0);
    expect(JSON.parse(status.out)).toMatchObject({
      schema: 1,
      master: { node: "redis-master" },
      quorum: { ok: true, reachable: 3 },
    });
    expect(vedette(cluster.dir, "health").code).toBe(0);
    const before = await cluster.runtime.inspect();
    const again = vedette(cluster.dir, "up");
    expect(again.code, again.err).toBe(0);
    expect((await cluster.runtime.inspect()).map((each) => each.pid)).toEqual(before.map((each) => each.pid));
    const down = vedette(cluster.dir, "down");
    expect(down.code, down.err).toBe(0);
    expect(await alive()).toEqual([]);
    expect((await cluster.runtime.steward()).running).toBe(false);
    expect(vedette(cluster.dir, "down").code).toBe(0);
    expect(vedette(cluster.dir, "health").code).toBe(1);
  });

  it("reports a taken port with its owner before anything starts", async () => {
    cluster = await LiveCluster.create();
    const replica = cluster.topology.redis.nodes[2];
    const server: Server = createServer().listen(replica?.port, "127.0.0.1");
    await once(server, "listening");
    try {
      const refused = vedette(cluster.dir, "up");
      expect(refused.code).toBe(1);
      expect(refused.err).toContain(`redis-slave-2 needs 127.0.0.1:${replica?.port}`);
      expect(refused.err).toContain(`(pid ${process.pid})`);
      expect(await alive()).toEqual([]);
      expect(
        existsSync(cluster.topology.stateDir) ? readdirSync(cluster.topology.stateDir) : [],
      ).not.toContain("redis");
    } finally {
      server.close();
    }
  });

  it("an up that was killed half-way is finished by the next up, or undone by down", async () => {
    cluster = await LiveCluster.create();
    for (const finish of ["up", "down"]) {
      const interrupted = vedetteRunning(cluster.dir, "up");
      const ended = once(interrupted, "exit");
      await until(async () => (await alive()).length >= 4, { deadlineMs: 20_000, everyMs: 2 });
      interrupted.kill(finish === "up" ? "SIGINT" : "SIGKILL");
      await ended;
      const next = vedette(cluster.dir, finish);
      expect(next.code, next.err).toBe(0);
      if (finish === "up") await cluster.settled();
      vedette(cluster.dir, "down");
      expect(await alive()).toEqual([]);
    }
  });

  it("one operation at a time: the second is told who is at work", async () => {
    cluster = await LiveCluster.create();
    const lease = await cluster.runtime.lease("a long operation");
    const refused = vedette(cluster.dir, "up");
    expect(refused.code).toBe(1);
    expect(refused.err).toContain("`a long operation`");
    expect(refused.err).toContain(`pid ${process.pid}`);
    expect(await alive()).toEqual([]);
    await lease.release();
  });

  it("works with one Sentinel and no replica, and with paths that need quoting", async () => {
    cluster = await LiveCluster.create(
      "redis: { port: BASE, replicas: 0 }\nsentinel: { count: 1, port: SENTINELS }\nstateDir: \"odd 'state' dir\"",
    );
    const up = vedette(cluster.dir, "up");
    expect(up.code, up.err).toBe(0);
    expect(await cluster.call("redis-master", "SET", "a", "b")).toBe("OK");
    vedette(cluster.dir, "down");
    expect(vedette(cluster.dir, "up").code).toBe(0);
    expect(await cluster.call("redis-master", "GET", "a")).toBe("b");
  });

  it("a cache that keeps nothing on disk still keeps its data over down and up", async () => {
    cluster = await LiveCluster.create(`redis: { port: BASE, config: { appendonly: no, save: "" } }`);
    expect(vedette(cluster.dir, "up").code).toBe(0);
    await cluster.call("redis-master", "SET", "kept", "yes");
    expect(vedette(cluster.dir, "down").code).toBe(0);
    const up = vedette(cluster.dir, "up");
    expect(up.code, up.err).toBe(0);
    expect(await cluster.call(await cluster.master(), "GET", "kept")).toBe("yes");
  });
});

describe("one node", () => {
  it("stop keeps it stopped, start brings it back, restart keeps the role", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    expect(vedette(cluster.dir, "stop", "redis-slave-1").code).toBe(0);
    expect(await alive()).not.toContain("redis-slave-1");
    expect(vedette(cluster.dir, "status").code).toBe(1);
    expect(vedette(cluster.dir, "start", "redis-slave-1").code).toBe(0);
    await cluster.settled();
    expect(vedette(cluster.dir, "restart", "redis-master").code).toBe(0);
    await cluster.settled();
    expect(await cluster.master()).toBe("redis-master");
    const unknown = vedette(cluster.dir, "start", "redis-slave-9");
    expect(unknown.code).toBe(1);
    expect(unknown.err).toContain("redis-slave-3");
  });

  it("stopping the master asks first: without a terminal it is refused and nothing is touched", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    const refused = vedette(cluster.dir, "stop", "redis-master");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("--yes");
    expect(await alive()).toContain("redis-master");
  });
});

describe("a changed topology", () => {
  it("is applied to what runs, and the working copies keep what Redis and Sentinel wrote", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.kill("redis-master");
    await cluster.eventually(
      "a failover",
      (now) => now.master !== null && now.master.node !== "redis-master",
    );
    const promoted = await cluster.master();
    const learnt = /^sentinel known-replica .*$/m.exec(conf("redis-sentinel-1"))?.[0] ?? "nothing";
    rewriteTopology((text) =>
      text
        .replace("downAfter: 1500ms", "downAfter: 2500ms")
        .replace(/redis: \{ (port: \d+) \}/, "redis: { $1, config: { maxmemory: 100mb, hz: 20 } }"),
    );
    const up = vedette(cluster.dir, "up", "--no-steward");
    expect(up.code, up.err).toBe(0);
    expect(up.err).toContain("maxmemory is now 100mb");
    expect(await cluster.call(promoted, "CONFIG", "GET", "maxmemory")).toEqual([
      "maxmemory",
      String(100 * 1024 * 1024),
    ]);
    const master = (await cluster.call(
      "redis-sentinel-2",
      "SENTINEL",
      "MASTER",
      cluster.topology.name,
    )) as string[];
    expect(master[master.indexOf("down-after-milliseconds") + 1]).toBe("2500");
    expect(await cluster.master()).toBe(promoted);
    expect(conf("redis-sentinel-1")).toContain(learnt);
    expect(conf(promoted)).not.toMatch(/^replicaof/m);
    expect(conf("redis-master")).toMatch(/^replicaof/m);
    expect(vedette(cluster.dir, "up", "--no-steward").err).not.toContain("is now");
  });

  it("whose addresses moved under a living state is refused", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    rewriteTopology((text) =>
      text.replace(/sentinel: \{ port: (\d+)/, (_, port: string) => `sentinel: { port: ${Number(port) + 1}`),
    );
    const refused = vedette(cluster.dir, "up");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("redis-sentinel-1 was");
    rewriteTopology((text) =>
      text.replace(/sentinel: \{ port: (\d+)/, (_, port: string) => `sentinel: { port: ${Number(port) - 1}`),
    );
  });

  it("that drops a node stops it and keeps its data", async () => {
    cluster = await LiveCluster.create("redis: { port: BASE, replicas: 2 }");
    await cluster.up();
    const dropped = (await cluster.runtime.inspect()).find((each) => each.node === "redis-slave-2")?.pid;
    rewriteTopology((text) => text.replace("replicas: 2", "replicas: 1"));
    const up = vedette(cluster.dir, "up", "--no-steward");
    expect(up.code, up.err).toBe(0);
    expect(up.err).toContain("redis-slave-2 stopped");
    expect(identify(dropped ?? 0)).toBeNull();
    expect(existsSync(join(cluster.topology.stateDir, "redis", "redis-slave-2", "data"))).toBe(true);
  });

  it("of another file may not touch the state", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    writeFileSync(join(cluster.dir, "other.yaml"), readFileSync(join(cluster.dir, "vedette.yaml")));
    const refused = vedette(cluster.dir, "-f", "other.yaml", "down");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain("belongs to the topology file");
    expect((await alive()).length).toBe(7);
  });

  it("that is wrong is refused with all its problems, and nothing is touched", async () => {
    cluster = await LiveCluster.create();
    rewriteTopology((text) => `${text}redsi: {}\nprofile: cash\n`);
    const refused = vedette(cluster.dir, "up");
    expect(refused.code).toBe(2);
    expect(refused.err).toMatch(/vedette\.yaml:\d+:\d+ .*redsi[\s\S]*vedette\.yaml:\d+:\d+ .*profile/);
    expect(existsSync(cluster.topology.stateDir)).toBe(false);
  });
});

describe("a password", () => {
  it("guards every node and Sentinel, is never in argv, logs or readable files, and health is not fooled by NOAUTH", async () => {
    const secret = `s3cret-#${Math.random()}`;
    const secretFile = join(mkdtempSync(join(tmpdir(), "vedette-secret-")), "secret");
    writeFileSync(secretFile, `${secret}\n`, { mode: 0o600 });
    cluster = await LiveCluster.create(`security: { passwordFile: ${secretFile} }`);
    const up = vedette(cluster.dir, "up");
    expect(up.code, up.err).toBe(0);
    for (const node of [...cluster.topology.redis.nodes, ...cluster.topology.sentinel.nodes]) {
      const stranger = withNode({ ...cluster.ctx, password: null }, node, (redis) => redis.call("PING"));
      await expect(stranger, node.id).rejects.toThrow(/NOAUTH/);
    }
    expect(argvOfAll()).not.toContain(secret);
    expect(worldReadable(cluster.topology.stateDir)).toEqual([]);
    for (const command of [
      ["status"],
      ["config", "show"],
      ["status", "--json"],
      ["render", "--out", "rendered"],
    ]) {
      const shown = vedette(cluster.dir, ...command);
      expect(shown.out + shown.err, command.join(" ")).not.toContain("s3cret");
    }
    const own = { ...cluster.ctx, password: secret };
    const replica = cluster.topology.redis.nodes[1];
    if (replica === undefined) throw new Error("no replica");
    await withNode(own, replica, (redis) => redis.call("CONFIG", "SET", "requirepass", "another"));
    const health = vedette(cluster.dir, "health");
    expect(health.code).toBe(1);
    expect(health.out).toContain("NODE_AUTH");
    await withNode({ ...own, password: "another" }, replica, (redis) =>
      redis.call("CONFIG", "SET", "requirepass", secret),
    );
    chmodSync(secretFile, 0o644);
    const open = vedette(cluster.dir, "status");
    expect(open.code).toBe(2);
    expect(open.err).toContain("chmod 600");
  });
});

describe("clean", () => {
  it("shows what it deletes, refuses without a yes, and deletes everything but backups", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    mkdirSync(cluster.topology.backupDir, { recursive: true });
    const refused = vedette(cluster.dir, "clean");
    expect(refused.code).toBe(2);
    expect(refused.err).toContain(cluster.topology.stateDir);
    expect((await alive()).length).toBe(7);
    const done = vedette(cluster.dir, "clean", "--yes");
    expect(done.code, done.err).toBe(0);
    expect(existsSync(cluster.topology.stateDir)).toBe(false);
    expect(existsSync(cluster.topology.backupDir)).toBe(true);
  });
});

function argvOfAll(): string {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
      } catch {
        return "";
      }
    })
    .join("\n");
}

/** The state directory shuts everybody else out; what Vedette writes in it is private as well. */
function worldReadable(dir: string): string[] {
  const secrets = readdirSync(dir, { recursive: true, encoding: "utf8" })
    .filter((name) => /(secret|\.conf|\.rendered|start\.env)$/.test(name))
    .map((name) => join(dir, name));
  return [dir, ...secrets].filter((path) => (statSync(path).mode & 0o077) !== 0);
}
