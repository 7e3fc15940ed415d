import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { openCluster, startCluster, UsageError, type RunningCluster } from "../../src/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Redis and Sentinel processes on these ports. */
function processesOf(ports: readonly number[]): string[] {
  const running = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  return running.flatMap((pid) => {
    const command = commandOf(pid);
    return ports.some((port) => command.includes(`:${port}`)) && command.includes("redis-s") ? [command] : [];
  });
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
  } catch {
    return "";
  }
}

async function portsOf(cluster: RunningCluster): Promise<number[]> {
  const { nodes, sentinels } = await cluster.status();
  return [...nodes, ...sentinels].map((node) => node.port);
}

describe("a cluster for a test", () => {
  it("fails over under a Sentinel client, takes the old master back, and leaves nothing", async () => {
    const cluster = await startCluster({ replicas: 2, topology: "redis: { config: { maxmemory: 32mb } }\n" });
    const ports = await portsOf(cluster);
    const client = new Redis(cluster.clientOptions());
    client.on("error", () => {}); // the master's end, among others; what counts is what it answers
    try {
      const before = await cluster.master();
      expect(before.node).toBe("redis-master");
      await client.set("kept", "yes");
      expect(await client.wait(2, 2000)).toBe(2);

      await cluster.killNode(before.node);
      const after = await cluster.failedOver(before.node);
      expect(after.node).not.toBe(before.node);
      expect(await client.get("kept")).toBe("yes");
      await client.set("later", "yes");

      await cluster.startNode(before.node);
      const { nodes, master } = await cluster.settled();
      expect(master?.node).toBe(after.node);
      expect(nodes.find(({ node }) => node === before.node)).toMatchObject({ role: "replica", link: "up" });
      expect(await openCluster(join(cluster.dir, "vedette.yaml")).master()).toEqual(after);
      expect(processesOf(ports)).toHaveLength(6);
    } finally {
      client.disconnect();
      await cluster.stop();
    }
    expect(processesOf(ports)).toEqual([]);
    expect(existsSync(cluster.dir)).toBe(false);
    await cluster.stop();
  });

  it("says what is wrong with a topology, with its lines, and starts nothing", async () => {
    const dir = mkdtempSync(join(tmpdir(), "vedette-library-"));
    const wrong = startCluster({ dir, topology: "redis:\n  replica: 2\n" });
    await expect(wrong).rejects.toThrow(UsageError);
    await expect(wrong).rejects.toThrow(/topology:2:3 .*replicas/);
    expect(readdirSync(dir)).toEqual([]);
    rmSync(dir, { recursive: true });
  });
});

describe("the package", () => {
  let project: string;
  beforeAll(() => {
    project = mkdtempSync(join(tmpdir(), "vedette-user-"));
    mkdirSync(join(project, "node_modules"));
    // As npm installs it: what is not in the bundle is not there. The application brings its own ioredis.
    const installed = join(project, "node_modules", "vedette");
    for (const part of ["dist", "assets", "package.json"]) {
      cpSync(join(root, part), join(installed, part), { recursive: true });
    }
    for (const name of [
      "ioredis",
      "@ioredis",
      "cluster-key-slot",
      "debug",
      "denque",
      "ms",
      "redis-errors",
      "redis-parser",
      "standard-as-callback",
    ]) {
      const from = join(root, "node_modules", name);
      if (existsSync(from)) cpSync(from, join(project, "node_modules", name), { recursive: true });
    }
  });
  afterAll(() => rmSync(project, { recursive: true }));

  function write(text: string): string {
    writeFileSync(join(project, "test.mjs"), text);
    return join(project, "test.mjs");
  }

  const examples = [
    ...readFileSync(join(root, "docs/library.md"), "utf8").matchAll(/^```js\n([\s\S]*?)^```/gm),
  ];

  it.each<[number, string, RegExp]>([
    [0, "startCluster", /^mymaster \[[\s\S]*redis-master is gone, redis-slave-\d is master\n\[\]\n$/],
    [1, "sentinelConnector", /^written before and after\n$/],
    [2, "confirmedWrites", /^ok 2\n$/],
  ])("runs example %i of docs/library.md, %s, which ends by itself", async (at, name, expected) => {
    const [, example = ""] = examples[at] ?? [];
    expect(example).toContain(`${name}(`);
    const { stdout } = await promisify(execFile)(process.execPath, [write(example)], { timeout: 60_000 });
    expect(stdout).toMatch(expected);
  });

  it("leaves nothing when its user is killed with -9, with a steward too", async () => {
    const dir = mkdtempSync(join(project, "clusters-"));
    const script = `
      import { startCluster } from "vedette";
      const cluster = await startCluster({ replicas: 1, sentinels: 1, steward: true, dir: ${JSON.stringify(dir)} });
      console.log(JSON.stringify((await cluster.status()).nodes.map(({ port }) => port)));
      setInterval(() => {}, 1000);`;
    const user = spawn(process.execPath, [write(script)], { stdio: ["ignore", "pipe", "inherit"] });
    let ports: number[];
    try {
      const [chunk] = await once(user.stdout, "data");
      ports = JSON.parse(String(chunk));
      expect(processesOf(ports)).toHaveLength(2);
    } finally {
      user.kill("SIGKILL");
    }
    const gone = async () => readdirSync(dir).length === 0;
    expect(await until(gone, { deadlineMs: 10_000 })).toBe(true);
    expect(processesOf(ports)).toEqual([]);
    const stewards = readdirSync("/proc").filter(
      (pid) => /steward\.js/.test(commandOf(pid)) && commandOf(pid).includes(dir),
    );
    expect(stewards).toEqual([]);
  });
});
