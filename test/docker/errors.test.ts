import { execFile, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { vedette, vedetteRunning, type CliResult } from "../kit/cli.ts";
import { dockerPlace, freeSubnet, hindrance } from "../kit/docker-place.ts";
import { freePorts, LiveCluster } from "../kit/live-cluster.ts";

let dir: string;
let port: number;
let subnet: string;

beforeEach(async () => {
  dir = mkdtempSync(join(tmpdir(), "vedette-errors-"));
  port = await freePorts(10);
  subnet = freeSubnet();
  topology("");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

function topology(docker: string): void {
  writeFileSync(
    join(dir, "vedette.yaml"),
    `name: err${port}\nruntime: docker\ndocker: { subnet: ${subnet}${docker} }\nredis: { port: ${port} }\nsentinel: { port: ${port + 5}, downAfter: 1500ms }\n`,
  );
}

function withHost(host: string, env: NodeJS.ProcessEnv = {}, options = {}): CliResult {
  const done = spawnSync(process.execPath, [resolve("dist/vedette.js"), "up"], {
    cwd: dir,
    encoding: "utf8",
    env: { ...process.env, ...env, DOCKER_HOST: host },
    ...options,
  });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

describe("without an engine that could be used", () => {
  it("says that none answers, and how to get one", () => {
    const { code, err } = withHost("unix:///nowhere/docker.sock");
    expect(err).toMatch(/no Docker engine answers at \/nowhere\/docker\.sock/);
    expect(err).toMatch(/install Docker .* or choose --runtime local/);
    expect(err).not.toMatch(/\n {4}at /);
    expect(code).toBe(1);
  });

  it("refuses one of another machine, which would not see the files that we write", () => {
    const { code, err } = withHost("tcp://10.1.2.3:2375");
    expect(err).toMatch(/its engine is at tcp:\/\/10\.1\.2\.3:2375/);
    expect(code).toBe(2);
  });

  it("says which version is too old", async () => {
    const socket = join(dir, "old.sock");
    const server = createServer((_, answer) => answer.end('{"Version":"18.09.1","ApiVersion":"1.39"}'));
    server.listen(socket);
    await once(server, "listening");
    // The command must not block this process, which is the engine.
    const said = await new Promise<string>((done) => {
      const env = { ...process.env, DOCKER_HOST: `unix://${socket}` };
      execFile(process.execPath, [resolve("dist/vedette.js"), "up"], { cwd: dir, env }, (_, __, err) =>
        done(err),
      );
    });
    server.close();
    expect(said).toMatch(/engine 18\.09\.1 speaks API 1\.39, and 1\.41 is needed/);
    expect(said).toMatch(/upgrade Docker to 20\.10/);
  });
});

describe.skipIf(hindrance !== null)(`with an engine (${hindrance ?? "Docker"})`, () => {
  const place = dockerPlace();
  const docker = (...args: string[]) => place.engine().docker(...args);
  const nothingIsLeft = async () => expect(await docker("ps", "-aq")).toBe("");

  it("says that its socket may not be used, and which group is needed", () => {
    chmodSync(dir, 0o777);
    chmodSync(place.engine().dir, 0o755);
    const { code, err } = withHost(
      `unix://${place.engine().socket}`,
      { HOME: dir },
      { uid: 65_534, gid: 65_534 },
    );
    expect(err).toMatch(/you may not use Docker's socket/);
    expect(err).toMatch(/usermod -aG docker/);
    expect(code).toBe(1);
  });

  it("names who has a port, before anything is made", async () => {
    const server = createTcpServer().listen(port + 1, "127.0.0.1");
    await once(server, "listening");
    const { code, err } = vedette(dir, "up");
    server.close();
    expect(err).toMatch(new RegExp(`redis-slave-1 needs 127\\.0\\.0\\.1:${port + 1}, which .* has`));
    expect(code).toBe(1);
    await nothingIsLeft();
  });

  it("names the network that has the subnet, before anything is made", async () => {
    await docker("network", "create", "--subnet", subnet.replace(".0/24", ".128/25"), `other${port}`);
    const { code, err } = vedette(dir, "up");
    await docker("network", "rm", `other${port}`);
    expect(err).toMatch(new RegExp(`overlaps with .* of Docker's network other${port}: set docker\\.subnet`));
    expect(code).toBe(1);
    await nothingIsLeft();
  });

  it("names a container that has a node's name", async () => {
    await docker("create", "--name", `err${port}-redis-slave-2`, "redis:7.4.2", "true");
    const { code, err } = vedette(dir, "up");
    await docker("rm", `err${port}-redis-slave-2`);
    expect(err).toMatch(/there is a container err\d+-redis-slave-2 already, not made by Compose/);
    expect(code).toBe(1);
    await nothingIsLeft();
  });

  it("says that an image cannot be fetched, and how to get it without a network", async () => {
    topology(", images: { redis: 'redis:0.0.1' }");
    const { code, err } = vedette(dir, "up");
    expect(err).toMatch(/fetching the image redis:0\.0\.1/);
    expect(err).toMatch(/docker load -i FILE/);
    expect(code).toBe(1);
    await nothingIsLeft();
  });

  it("says that Compose is missing", async () => {
    const { err, code } = withHost(`unix://${place.engine().socket}`, { PATH: "/nowhere" });
    expect(err).toMatch(/neither `docker compose` nor `docker-compose` works/);
    expect(code).toBe(1);
    await nothingIsLeft();
  });

  it("goes on where an up was killed half-way", async () => {
    const cluster = LiveCluster.open(dir, "docker");
    const running = vedetteRunning(dir, "up");
    const some = async () =>
      (await docker("ps", "-q", "--filter", `name=err${port}`)).split("\n").length >= 2;
    expect(await until(some, { deadlineMs: 60_000, everyMs: 20 })).not.toBeNull();
    running.kill("SIGKILL");
    await once(running, "exit");
    expect(vedette(dir, "up").code).toBe(0);
    expect((await cluster.settled()).master?.node).toBe("redis-master");
    expect(vedette(dir, "clean", "--yes").code).toBe(0);
    await nothingIsLeft();
  });
});
