import { execFile, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { unsettled } from "../src/cluster/settled.ts";
import type { Snapshot } from "../src/cluster/snapshot.ts";
import { context, look, type Context } from "../src/operations/context.ts";
import { connect } from "../src/redis/client.ts";
import { claimPorts } from "../src/runtimes/local/free-ports.ts";
import { LocalRuntime } from "../src/runtimes/local/local-runtime.ts";
import { packageFile } from "../src/runtimes/state/package-root.ts";
import { loadTopology } from "../src/topology/load.ts";
import { allNodes, type NodeId, type Topology } from "../src/topology/model.ts";
import { timeUntil } from "./by-hand.ts";
import type { Load } from "./load.ts";
import type { Scratch } from "./scratch.ts";

/** Ports of one cluster: four Redis nodes, then three Sentinels. */
const PORTS = 7;
export const REDIS_NODES = 4;

/** A client that was acknowledged something so short a time ago is writing: ms. */
const QUIET_MS = 250;

const CLI = packageFile("dist/vedette.js");

/** A cluster in a directory and on ports of its own, run through the built command line as its users do. */
export class Managed {
  private constructor(
    readonly dir: string,
    readonly topology: Topology,
    private readonly runtime: LocalRuntime,
    private readonly release: () => void,
    private readonly interrupted: AbortSignal,
  ) {}

  /** Nothing runs yet. */
  static async create(
    scratch: Scratch,
    redisConfig: Record<string, string> = {},
    keys = "",
  ): Promise<Managed> {
    const ports = await claimPorts(PORTS, Date.now());
    const dir = scratch.directory();
    const config = JSON.stringify(redisConfig);
    writeFileSync(
      join(dir, "vedette.yaml"),
      `redis: { port: ${ports.first}, config: ${config} }\nsentinel: { port: ${ports.first + REDIS_NODES} }\n${keys}`,
    );
    const { topology } = loadTopology(join(dir, "vedette.yaml"), dir);
    const runtime = new LocalRuntime(topology, null);
    const managed = new Managed(dir, topology, runtime, () => ports.release(), scratch.interrupted);
    scratch.onEnd(() => managed.destroy());
    return managed;
  }

  /** Runs `vedette ARGS` and returns how long it took: ms. Throws with its output if it failed. */
  async timed(...args: string[]): Promise<number> {
    const begun = performance.now();
    const options = { cwd: this.dir, signal: this.interrupted };
    await promisify(execFile)(process.execPath, [CLI, ...args], options);
    return performance.now() - begun;
  }

  /** Runs `vedette ARGS` and returns what it printed. Throws if it failed. */
  async output(...args: string[]): Promise<string> {
    const options = { cwd: this.dir, signal: this.interrupted };
    return (await promisify(execFile)(process.execPath, [CLI, ...args], options)).stdout;
  }

  look(): Promise<Snapshot> {
    return look(context(this.topology, this.runtime, null));
  }

  /** As `timed`, with nothing of ours running meanwhile; the exit code does not matter. */
  timedAlone(...args: string[]): number {
    return timeAlone([CLI, ...args], this.dir);
  }

  context(): Context {
    return context(this.topology, this.runtime, null);
  }

  /** SIGKILL to one node's process; nothing is noted of it, as nobody would of a crash. */
  async kill(node: NodeId): Promise<void> {
    await this.runtime.fault(node, "kill");
  }

  get masterPort(): number {
    return this.topology.redis.nodes[0].port;
  }

  /** The port of the node that a majority of the Sentinels names. */
  async currentMasterPort(): Promise<number> {
    const { master } = await this.look();
    if (master === null) throw new Error(`no majority names a master of the cluster in ${this.dir}`);
    return master.port;
  }

  fault(node: NodeId, kind: "kill" | "hang" | "continue"): Promise<void> {
    return this.runtime.fault(node, kind);
  }

  /** One command to one node or Sentinel, over a connection of its own. */
  async call(port: number, command: string, ...args: string[]): Promise<unknown> {
    const redis = await connect({ host: "127.0.0.1", port, deadlineMs: 2_000 });
    try {
      return await redis.call(command, ...args);
    } finally {
      redis.close();
    }
  }

  async askSentinel(command: string, ...args: string[]): Promise<unknown> {
    return this.call(this.topology.sentinel.nodes[0].port, command, ...args);
  }

  /** Waits until a majority names another node than the one on this port. */
  async movedFrom(port: number, deadlineMs: number): Promise<void> {
    const moved = async () => ![null, port].includes((await this.look()).master?.port ?? null);
    if ((await timeUntil(deadlineMs, moved)) === null) throw new Error(`nobody took over from port ${port}`);
  }

  /** Waits until the cluster is whole, or until every client writes again; gives up silently, for that is a figure. */
  async calm(loads: readonly Load[], what: "settled" | "writing", deadlineMs: number): Promise<void> {
    await timeUntil(deadlineMs, async () => {
      if (what === "settled") return unsettled(this.topology, await this.look()).length === 0;
      return loads.every((load) => load.quietFor() < QUIET_MS);
    });
  }

  async stewardPid(): Promise<number> {
    const { pid } = await this.runtime.steward();
    if (pid === null) throw new Error(`the cluster in ${this.dir} has no steward`);
    return pid;
  }

  /** The steward dies as by a crash, and the next `up` starts another, which adopts what runs. Returns ms of `up`. */
  async replaceSteward(): Promise<number> {
    process.kill(await this.stewardPid(), "SIGKILL");
    return this.timed("up");
  }

  async destroy(): Promise<void> {
    const stopped = async () => {
      await this.runtime.stopSteward(5_000);
      await Promise.all(allNodes(this.topology).map((node) => this.runtime.stop(node.id, "kill", 10_000)));
      return (await this.runtime.inspect()).every(({ state }) => state === "stopped");
    };
    // Twice in a row: after an interrupted `up` a start script may still be on its way.
    while (!(await stopped()) || !(await stopped()));
    this.release();
  }
}

/** Wall time of `node ARGS`: ms. */
export function timeAlone(args: readonly string[], cwd: string): number {
  const begun = performance.now();
  spawnSync(process.execPath, args, { cwd, stdio: "ignore" });
  return performance.now() - begun;
}
