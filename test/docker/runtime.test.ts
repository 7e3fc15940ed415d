import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { testFailover } from "../../src/operations/test-failover.ts";
import { switchover } from "../../src/operations/switchover.ts";
import { vedette } from "../kit/cli.ts";
import { dockerCluster, dockerPlace, hindrance } from "../kit/docker-place.ts";
import type { LiveCluster } from "../kit/live-cluster.ts";

describe.skipIf(hindrance !== null)(`containers (${hindrance ?? "Docker"})`, () => {
  const place = dockerPlace();
  let cluster: LiveCluster;

  beforeAll(async () => {
    if (hindrance !== null) return;
    // The default down-after: with a short one a Sentinel may be about to act by itself, and is left to it.
    cluster = await dockerCluster(
      "sentinel: { port: SENTINELS, downAfter: 5s, failoverTimeout: 10s, periods: { info: 500ms } }\n",
    );
    await cluster.up({ steward: true });
  });
  afterAll(async () => cluster?.destroy());

  const state = (node: string, what: string) =>
    place.engine().docker("inspect", "-f", what, `${cluster.topology.name}-${node}`);

  const firstPort = () => cluster.topology.redis.nodes[0].port;

  it("come up as a settled cluster, each at an address of its own", async () => {
    const snapshot = await cluster.settled();
    expect(snapshot.master?.node).toBe("redis-master");
    const prefix = cluster.topology.docker.subnet.replace(".0/24", "");
    expect(snapshot.nodes.map(({ host }) => host)).toEqual([10, 11, 12, 13].map((n) => `${prefix}.${n}`));
    expect(snapshot.nodes.every(({ follows }) => follows === null || follows.host === `${prefix}.10`)).toBe(
      true,
    );
  });

  it("run as the server's user, without privileges, on a file system that they cannot write to", async () => {
    expect(
      await state("redis-master", "{{.HostConfig.ReadonlyRootfs}} {{.Config.User}} {{.HostConfig.CapDrop}}"),
    ).toBe("true 999:999 [ALL]");
    const name = `${cluster.topology.name}-redis-master`;
    expect(await place.engine().docker("exec", name, "id", "-u")).toBe("999");
    await expect(place.engine().docker("exec", name, "touch", "/x")).rejects.toThrow(/Read-only file system/);
  });

  it("are published on the loopback address alone", async () => {
    const ports = JSON.parse(await state("redis-master", "{{json .HostConfig.PortBindings}}")) as Record<
      string,
      { HostIp: string }[]
    >;
    expect(
      Object.values(ports)
        .flat()
        .map(({ HostIp }) => HostIp),
    ).toEqual(["127.0.0.1"]);
  });

  it("have health checks that fail when the server is not there for clients", async () => {
    const health = (node: string) => state(node, "{{.State.Health.Status}}");
    const becomes = (node: string, status: string) =>
      until(async () => (await health(node)) === status, { deadlineMs: 60_000, everyMs: 200 });
    expect(await becomes("redis-slave-3", "healthy")).not.toBeNull();
    // As a container whose password was changed: the server answers NOAUTH, and redis-cli exits with 0.
    await cluster.call("redis-slave-3", "CONFIG", "SET", "requirepass", "another");
    expect(await becomes("redis-slave-3", "unhealthy")).not.toBeNull();
    await place
      .engine()
      .docker(
        "exec",
        "-e",
        "REDISCLI_AUTH=another",
        `${cluster.topology.name}-redis-slave-3`,
        "redis-cli",
        "-p",
        String(cluster.topology.redis.nodes[3]?.port),
        "CONFIG",
        "SET",
        "requirepass",
        "",
      );
    await cluster.settled();
  });

  it("move their master on request without losing a write", async () => {
    const before = await cluster.master();
    const moved = await switchover(
      cluster.ctx,
      { to: null, reason: null, by: "test" },
      new AbortController().signal,
    );
    expect(moved.promoted).not.toBe(before);
    await cluster.settled();
  });

  it("fail over at once when the master's container dies, for that is certain", async () => {
    const master = await cluster.master();
    const test = await testFailover(
      cluster.ctx,
      { master, fault: "kill" },
      () => {},
      new AbortController().signal,
    );
    expect(test).toMatchObject({ ok: true, writes: { lost: 0 } });
    expect(vedette(cluster.dir, "history").out).toMatch(/its process ended, Sentinel was asked at once/);
    await cluster.settled();
  });

  it("fail over at once when the server crashes, though the engine starts its container again at once", async () => {
    for (let turn = 0; turn < 3; turn++) {
      const before = await cluster.settled();
      const old = before.master?.node ?? "";
      await cluster.call(old, "SET", `crash-${turn}`, "1");
      await cluster.call(old, "WAIT", "3", "2000");
      process.kill(Number(await state(old, "{{.State.Pid}}")), "SIGKILL");
      const after = await cluster.eventually(
        "another master",
        ({ master }) => ![undefined, null, old].includes(master?.node),
      );
      expect(after.epoch).toBe((before.epoch ?? 0) + 1);
      const end = await cluster.settled();
      expect(end.master?.node).toBe(after.master?.node);
      expect(end.nodes.find(({ node }) => node === old)?.role).toBe("replica");
      expect(await cluster.call(end.master?.node ?? "", "GET", `crash-${turn}`)).toBe("1");
    }
    const told = vedette(cluster.dir, "history").out;
    expect(told.match(/its process ended, Sentinel was asked at once/g)?.length).toBeGreaterThan(2);
    expect(told).toMatch(/node-down .* ended by SIGKILL/);
  });

  it("are told by every command as processes are", async () => {
    await cluster.settled();
    for (const args of [
      ["status"],
      ["health"],
      ["ps"],
      ["sentinel-status"],
      ["addresses"],
      ["info"],
      ["logs", "-n", "3"],
    ]) {
      const told = vedette(cluster.dir, ...args);
      expect(told.err).toBe("");
      expect(told.code, told.out).toBe(0);
    }
    expect(vedette(cluster.dir, "logs", "-n", "400").out).toMatch(/redis-slave-1 .* S \*/);
    const ps = vedette(cluster.dir, "ps").out;
    expect(ps.match(/running/g)).toHaveLength(8);
    expect(ps).toMatch(/redis-master .* \d+\.?\d* MiB/); // the server's memory, not that of Docker's init before it
  });

  it("back up from a replica and check the file with the image's own program", async () => {
    await cluster.call(await cluster.master(), "SET", "kept", "1");
    const done = vedette(cluster.dir, "backup");
    expect(done.err + done.out).toMatch(/keys, .* checked by redis-check-rdb/);
    expect(done.code).toBe(0);
  });

  it("rebuild a replica from its master, keeping the old data until the new is there", async () => {
    const replica = cluster.redis().find((node) => node !== "redis-master") ?? "";
    const target = (await cluster.master()) === replica ? "redis-master" : replica;
    const done = vedette(cluster.dir, "reinit", target, "--yes");
    expect(done.err).toMatch(/is in aside-\d+ of volume/);
    expect(done.code).toBe(0);
    expect((await cluster.runtime.dataRoom(target)).aside).toEqual([]);
  });

  it("restart one by one and come back in sync", async () => {
    expect(vedette(cluster.dir, "restart", "redis-slave-2").code).toBe(0);
    await cluster.settled();
    const master = await cluster.master();
    expect(vedette(cluster.dir, "stop", "redis-sentinel-3").code).toBe(0);
    expect(await state("redis-sentinel-3", "{{.State.Status}}")).toBe("exited");
    expect(vedette(cluster.dir, "start", "redis-sentinel-3").code).toBe(0);
    await cluster.settled();
    expect(await cluster.master()).toBe(master);
  });

  it("go down with all data kept and come up with the promoted master", async () => {
    const master = await cluster.master();
    await cluster.call(master, "SET", "over", "night");
    expect(vedette(cluster.dir, "down").code).toBe(0);
    expect(await place.engine().docker("ps", "-q")).toBe("");
    expect(vedette(cluster.dir, "up").code).toBe(0);
    expect(await cluster.master()).toBe(master);
    expect(await cluster.call(master, "GET", "over")).toBe("night");
  });

  it("take over what a running Redis can change, and the container's own limits at its next start", async () => {
    const file = join(cluster.dir, "vedette.yaml");
    const before = readFileSync(file, "utf8");
    const changed = before.replace("docker: {", "docker: { memory: 900mb,");
    writeFileSync(file, `${changed}\nredis: { port: ${firstPort()}, config: { maxmemory: 300mb } }\n`);
    writeFileSync(file, readFileSync(file, "utf8").replace(/^redis: \{ port: \d+ \}\n/m, ""));
    const started = await state("redis-slave-1", "{{.State.StartedAt}}");
    expect(vedette(cluster.dir, "up").code).toBe(0);
    expect(await cluster.call("redis-slave-1", "CONFIG", "GET", "maxmemory")).toEqual([
      "maxmemory",
      "314572800",
    ]);
    expect(await state("redis-slave-1", "{{.State.StartedAt}}")).toBe(started);
    expect(vedette(cluster.dir, "restart", "redis-slave-1").code).toBe(0);
    expect(await state("redis-slave-1", "{{.HostConfig.Memory}}")).toBe(String(900 * 1024 * 1024));
    await cluster.settled();
  });

  it("refuse to be mixed with processes of this machine", async () => {
    const mixed = vedette(cluster.dir, "up", "--runtime", "local");
    expect(mixed.code).toBe(2);
    expect(mixed.err).toMatch(/was started with docker, and its data is there/);
    expect(vedette(cluster.dir, "up", "--runtime", "podman").err).toMatch(/there are local and docker/);
  });

  it("are gone after clean, with volumes and network", async () => {
    const name = cluster.topology.name;
    const done = vedette(cluster.dir, "clean", "--yes");
    expect(done.err + done.out).toMatch(new RegExp(`deleted volume ${name}-redis-master-data`));
    expect(done.code).toBe(0);
    const docker = place.engine();
    expect(await docker.docker("ps", "-aq")).toBe("");
    expect(await docker.docker("volume", "ls", "-q")).toBe("");
    expect(await docker.docker("network", "ls", "--format", "{{.Name}}")).not.toContain(name);
  });
});
