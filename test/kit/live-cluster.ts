import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../src/clock.ts";
import { unsettled } from "../../src/cluster/settled.ts";
import type { Snapshot } from "../../src/cluster/snapshot.ts";
import { context, look, requireNode, withNode, type Context } from "../../src/operations/context.ts";
import { hurrySentinels } from "../../src/operations/sentinel-periods.ts";
import { up } from "../../src/operations/up.ts";
import { openRuntime, type OwnRuntime } from "../../src/cli/open-runtime.ts";
import { LocalRuntime } from "../../src/runtimes/local/local-runtime.ts";
import { readPassword } from "../../src/runtimes/state/password.ts";
import { loadTopology } from "../../src/topology/load.ts";
import { allNodes, type NodeId, type RuntimeKind, type Topology } from "../../src/topology/model.ts";

/** A real cluster on ports and in a directory of its own. Whatever it started, `destroy` ends. */
export class LiveCluster {
  private constructor(
    readonly dir: string,
    readonly topology: Topology,
    readonly runtime: OwnRuntime,
    readonly ctx: Context,
    readonly notes: string[],
  ) {}

  /** Makes the topology; nothing runs yet. `yaml` are further keys of the file. */
  static async create(yaml = "", nodes = 10, kind: RuntimeKind = "local"): Promise<LiveCluster> {
    const dir = mkdtempSync(join(tmpdir(), "vedette-live-"));
    const base = await freePorts(nodes);
    const text = yaml.includes("redis:") ? yaml : `redis: { port: ${base} }\n${yaml}`;
    const filled = text.replaceAll("BASE", String(base)).replaceAll("SENTINELS", String(base + 5));
    const sentinel = filled.includes("sentinel:")
      ? filled
      : `${filled}\nsentinel: { port: ${base + 5}, downAfter: 1500ms, failoverTimeout: 5s, periods: { info: 500ms } }\n`;
    writeFileSync(join(dir, "vedette.yaml"), `name: live${base}\n${sentinel}`);
    return LiveCluster.open(dir, kind);
  }

  static open(dir: string, kind: RuntimeKind = "local"): LiveCluster {
    const { topology } = loadTopology(join(dir, "vedette.yaml"), dir, kind);
    const password = readPassword(topology);
    const notes: string[] = [];
    const runtime = openRuntime(topology, password, (line) => notes.push(line));
    return new LiveCluster(
      dir,
      topology,
      runtime,
      context(topology, runtime, password, (line) => notes.push(line)),
      notes,
    );
  }

  /** Without a steward unless asked: what is proven then is proven of safe start and Sentinel alone. */
  async up(options: { steward?: boolean; force?: NodeId } = {}): Promise<void> {
    await up(this.ctx, { force: options.force ?? null, steward: options.steward ?? false });
  }

  look(): Promise<Snapshot> {
    return look(this.ctx);
  }

  async master(): Promise<NodeId> {
    const node = (await this.look()).master?.node;
    if (!node) throw new Error("no master is named");
    return node;
  }

  /** Waits until the cluster is whole, or fails with what is missing and the ends of all logs. */
  async settled(deadlineMs = 60_000): Promise<Snapshot> {
    let missing: string[] = [];
    const whole = await until(
      async () => {
        const snapshot = await this.look();
        missing = unsettled(this.topology, snapshot);
        return missing.length === 0 ? snapshot : null;
      },
      { deadlineMs, everyMs: 50 },
    );
    if (whole === null) throw new Error(`not settled:\n${missing.join("\n")}\n${this.logs()}`);
    return whole;
  }

  /** Waits until `condition` holds of a look at the cluster. */
  async eventually(
    what: string,
    condition: (snapshot: Snapshot) => boolean,
    deadlineMs = 30_000,
  ): Promise<Snapshot> {
    let last: Snapshot | null = null;
    const met = await until(
      async () => {
        last = await this.look();
        return condition(last) ? last : null;
      },
      { deadlineMs, everyMs: 50 },
    );
    if (met === null)
      throw new Error(`${what} did not come true:\n${JSON.stringify(last, null, 1)}\n${this.logs()}`);
    return met;
  }

  call(node: NodeId, command: string, ...args: string[]): Promise<unknown> {
    return withNode(
      this.ctx,
      requireNode(this.topology, node),
      (redis) => redis.call(command, ...args),
      3_000,
    );
  }

  /** SIGKILL, and waits until the processes are gone. */
  async kill(...nodes: NodeId[]): Promise<void> {
    await Promise.all(nodes.map((node) => this.runtime.stop(node, "kill", 5_000)));
  }

  async killAll(): Promise<void> {
    await this.kill(...allNodes(this.topology).map((node) => node.id));
  }

  async start(...nodes: NodeId[]): Promise<void> {
    for (const node of nodes) await this.runtime.start(node);
  }

  /** Sentinels forget their periods at each start. */
  async hurry(): Promise<void> {
    await this.eventually("all Sentinels answer", (snapshot) => snapshot.sentinels.every((each) => each.up));
    await hurrySentinels(this.ctx);
  }

  sentinels(): NodeId[] {
    return this.topology.sentinel.nodes.map((node) => node.id);
  }

  redis(): NodeId[] {
    return this.topology.redis.nodes.map((node) => node.id);
  }

  logs(): string {
    const { runtime } = this;
    const tail = (node: NodeId) => (runtime instanceof LocalRuntime ? runtime.logTail(node) : "");
    return allNodes(this.topology)
      .map(({ id }) => `--- ${id}${tail(id)}`)
      .join("\n");
  }

  async destroy(): Promise<void> {
    await this.runtime.stopSteward(5_000);
    await this.killAll();
    for (const thing of await this.runtime.belongings()) await this.runtime.delete(thing);
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** The first of `count` consecutive ports that can be had, below the range that the kernel gives to clients. */
export async function freePorts(count: number): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const base = 20_000 + Math.floor(Math.random() * 1_100) * 10;
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(base + i)));
    if (free.every(Boolean)) return base;
  }
  throw new Error(`no ${count} consecutive free ports`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
