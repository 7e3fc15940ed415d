import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { DockerEngine, dockerHindrance } from "../kit/docker-engine.ts";
import { importRedisImage } from "../kit/docker-image.ts";
import { engineProcesses } from "../kit/docker-orphans.ts";
import { freeSubnet, hindrance } from "../kit/docker-place.ts";
import { freePorts } from "../kit/live-cluster.ts";

const IMAGE = "redis:7.4.2";

describe.skipIf(hindrance !== null)(`an engine for tests (${hindrance ?? "Docker"})`, () => {
  let engines: DockerEngine[];
  beforeEach(() => {
    const missing = dockerHindrance();
    if (missing !== null) throw new Error(`Docker cannot run here: ${missing}`);
    engines = [];
  });
  afterEach(async () => {
    for (const engine of engines) await engine.stop();
  });

  const start = async () => {
    const engine = await DockerEngine.start();
    engines.push(engine);
    return engine;
  };

  /** As nodes are run. Returns the bridge of its network, which the machine has and not the engine alone. */
  const runRedis = async (engine: DockerEngine, port: number) => {
    const network = await engine.docker("network", "create", "--subnet", freeSubnet(), "kit");
    await importRedisImage(engine, IMAGE);
    const args = ["--detach", "--init", "--user", "999:999", "--read-only", "--tmpfs", "/tmp"];
    args.push("--restart", "unless-stopped", "--network", "kit", "--volume", "vol:/data");
    args.push("--publish", `127.0.0.1:${port}:6379`);
    await engine.docker("run", ...args, IMAGE, "redis-server", "--protected-mode", "no");
    return `/sys/class/net/br-${network.slice(0, 12)}`;
  };

  const answers = async (port: number) => {
    const client = new Redis({ port, lazyConnect: true, retryStrategy: () => null, connectTimeout: 1_000 });
    client.on("error", () => {}); // nobody listens: `connect` says so as well
    try {
      await client.connect();
      return (await client.ping()) === "PONG" ? client.save() : null;
    } catch {
      return null;
    } finally {
      client.disconnect();
    }
  };

  const expectNothingOf = async (dir: string, bridge: string, port: number) => {
    expect(engineProcesses(dir)).toEqual([]);
    expect(readFileSync("/proc/mounts", "utf8")).not.toContain(dir);
    expect(existsSync(dir)).toBe(false);
    expect(existsSync(bridge)).toBe(false);
    expect(await answers(port)).toBeNull();
    expect(execFileSync("ps", ["-eo", "args="], { encoding: "utf8" })).not.toContain(`-host-port ${port} `);
  };

  it("serves a container through a published port, and leaves nothing behind", async () => {
    const port = await freePorts(1);
    const engine = await start();
    const bridge = await runRedis(engine, port);
    expect(await until(() => answers(port), { deadlineMs: 20_000 })).toBe("OK");
    expect(existsSync(bridge)).toBe(true);
    expect(engineProcesses(engine.dir).length).toBeGreaterThanOrEqual(4); // engine, containerd, shim, init
    await engine.stop();
    await expectNothingOf(engine.dir, bridge, port);
  });

  it("ends what a killed test run left, and nothing that somebody still owns", async () => {
    const port = await freePorts(1);
    const [owned, orphan] = [await start(), await start()];
    const bridge = await runRedis(orphan, port);
    expect(await until(() => answers(port), { deadlineMs: 20_000 })).toBe("OK");
    writeFileSync(join(orphan.dir, "owner"), `${spawnSync("true").pid} 1`);

    await start();
    await expectNothingOf(orphan.dir, bridge, port);
    expect(await owned.docker("ps", "-q")).toBe("");
  });
});
