import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { vedette } from "../kit/cli.ts";
import { importStewardImage } from "../kit/docker-image.ts";
import { dockerPlace, freeSubnet, hindrance } from "../kit/docker-place.ts";
import { freePorts, LiveCluster } from "../kit/live-cluster.ts";

// The rendered Compose file by itself, as somebody uses it who has Docker and nothing of ours: no steward, no Node.js.
describe.skipIf(hindrance !== null)(`the Compose file alone (${hindrance ?? "Docker"})`, () => {
  const place = dockerPlace();
  let dir: string;
  let cluster: LiveCluster;

  beforeAll(async () => {
    if (hindrance !== null) return;
    dir = mkdtempSync(join(tmpdir(), "vedette-compose-"));
    const port = await freePorts(10);
    writeFileSync(
      join(dir, "vedette.yaml"),
      `name: plain${port}
runtime: docker
docker: { subnet: ${freeSubnet()} }
redis: { port: ${port} }
sentinel: { port: ${port + 5}, downAfter: 1500ms, failoverTimeout: 5s }
`,
    );
    expect(vedette(dir, "render").code).toBe(0);
    cluster = LiveCluster.open(dir, "docker");
    await compose("up", "-d");
    await settled();
  });
  afterAll(async () => {
    if (dir === undefined) return;
    await compose("down", "--volumes");
    rmSync(dir, { recursive: true, force: true });
  });
  afterEach(async () => {
    // One master that all agree on, whatever was done to it.
    const snapshot = await settled();
    expect(snapshot.nodes.filter(({ role }) => role === "master")).toHaveLength(1);
  });

  /** Without a steward the Sentinels look every 10 s; for a test they look more often. */
  const settled = async () => {
    await cluster.hurry();
    return cluster.settled();
  };
  const compose = (...args: string[]) => place.engine().compose(dir, ...args);
  const docker = (...args: string[]) => place.engine().docker(...args);
  const nameOf = (node: string) => `${cluster.topology.name}-${node}`;
  const failedOver = async (from: string) => {
    const after = await cluster.eventually(
      "another master",
      ({ master }) => ![undefined, null, from].includes(master?.node),
    );
    return after.master?.node ?? "";
  };
  const write = async (key: string) => {
    await cluster.call(await cluster.master(), "SET", key, "1");
    // Behind an AOF that is synced every second: what is proven is proven of what is on disk or on a replica.
    await cluster.call(await cluster.master(), "WAIT", "3", "2000");
  };
  const has = async (key: string) => (await cluster.call(await cluster.master(), "EXISTS", key)) === 1;

  it("is taken by docker-compose's own check", async () => {
    await expect(compose("config", "--quiet")).resolves.toBeDefined();
  });

  it("fails over by Sentinel alone when the master's container is killed, which comes back as a replica", async () => {
    const old = await cluster.master();
    await write("killed");
    await docker("kill", nameOf(old));
    const master = await failedOver(old);
    await docker("start", nameOf(old));
    const snapshot = await settled();
    expect(snapshot.master?.node).toBe(master);
    expect(snapshot.nodes.find(({ node }) => node === old)).toMatchObject({ role: "replica", link: "up" });
    expect(await has("killed")).toBe(true);
  });

  it("keeps the promoted master and all writes over docker-compose down and up", async () => {
    const master = await cluster.master();
    expect(master).not.toBe("redis-master");
    await write("down-and-up");
    await compose("down");
    expect(await docker("ps", "-aq")).toBe("");
    await compose("up", "-d");
    const snapshot = await settled();
    expect(snapshot.master?.node).toBe(master);
    expect(await has("down-and-up")).toBe(true);
    expect(await has("killed")).toBe(true);
  });

  it("keeps master and writes over docker restart of the master, quick enough for nobody to notice", async () => {
    const master = await cluster.master();
    await write("restarted");
    await docker("restart", nameOf(master));
    await settled();
    expect(await has("restarted")).toBe(true);
  });

  it("lets the engine bring back a master whose process has crashed, with all writes", async () => {
    const master = await cluster.master();
    await write("crashed");
    const pid = await docker("inspect", "-f", "{{.State.Pid}}", nameOf(master));
    process.kill(Number(pid), "SIGKILL");
    const again = async () => {
      const now = await docker("inspect", "-f", "{{.State.Pid}}", nameOf(master));
      return now !== "0" && now !== pid;
    };
    expect(await until(again, { deadlineMs: 20_000, everyMs: 50 })).not.toBeNull();
    await settled();
    expect(await has("crashed")).toBe(true);
  });

  it.each([1, 2, 3])(
    "keeps master and writes when the machine goes down and comes back, %i",
    async (turn) => {
      const master = await cluster.master();
      await write(`reboot-${turn}`);
      await place.engine().reboot();
      const snapshot = await settled();
      expect(snapshot.master?.node).toBe(master);
      for (const key of ["killed", "crashed", `reboot-${turn}`]) expect(await has(key)).toBe(true);
    },
  );

  it("never lets a node with an empty volume be master, nor empty the others", async () => {
    const old = await cluster.master();
    await write("kept");
    await docker("rm", "-f", nameOf(old));
    await docker("volume", "rm", `${nameOf(old)}-data`);
    await compose("up", "-d");
    const snapshot = await settled();
    expect(snapshot.master?.node).not.toBe(old);
    expect(await has("kept")).toBe(true);
  });

  it("is told by the engine as unhealthy while a node waits, and the log says for what", async () => {
    const replica = cluster.redis().find((node) => node !== "redis-master") ?? "";
    await compose("stop", ...cluster.sentinels());
    await docker("restart", nameOf(replica));
    const waits = async () =>
      /waits: only 0 of 3 Sentinels answer/.test(await docker("logs", "--tail", "5", nameOf(replica)));
    expect(await until(waits, { deadlineMs: 20_000, everyMs: 100 })).not.toBeNull();
    await compose("start", ...cluster.sentinels());
  });

  it("has a steward for those who want one, which watches and records without Docker's socket", async () => {
    await importStewardImage(place.engine(), "vedette-steward:local");
    await compose("--profile", "steward", "up", "-d", "steward");
    const name = nameOf("redis-steward");
    const log = async () => docker("logs", name);
    const says = (what: RegExp) =>
      until(async () => what.test(await log()), { deadlineMs: 30_000, everyMs: 100 });
    expect(await says(/watches only: .* fast failover is off/)).not.toBeNull();
    expect(await says(/steward started/)).not.toBeNull();
    expect(await docker("inspect", "-f", "{{json .Mounts}}", name)).not.toContain("docker.sock");
    expect(await docker("exec", name, "id", "-u")).toBe("1000");
    const old = await cluster.master();
    await docker("kill", nameOf(old));
    const master = await failedOver(old);
    expect(
      await says(new RegExp(`failover ${old} -> ${master} .*the Sentinels moved the master`)),
    ).not.toBeNull();
    const kept = await docker("exec", name, "cat", `/state/${cluster.topology.name}/history.jsonl`);
    expect(kept).toContain('"kind":"failover"');
    await docker("start", nameOf(old));
    await settled();
    await compose("--profile", "steward", "rm", "--stop", "--force", "steward");
  });

  it("is looked at by Vedette, which leaves what is not its own alone", async () => {
    expect(vedette(dir, "status").out).toMatch(/quorum ok \(3 of 3 Sentinels answer/);
    const up = vedette(dir, "up");
    expect(up.code).toBe(1);
    expect(up.err).toMatch(/container plain\d+-redis-master already, made by Compose in/);
    expect(up.err).toMatch(/docker compose down/);
  });

  it("hands its volumes over to vedette up", async () => {
    const master = await cluster.master();
    await compose("down");
    const up = vedette(dir, "up");
    expect(up.err + up.out).toMatch(/is up after/);
    expect((await settled()).master?.node).toBe(master);
    expect(await has("kept")).toBe(true);
    expect(vedette(dir, "clean", "--yes").code).toBe(0);
    await compose("up", "-d");
  });
});
