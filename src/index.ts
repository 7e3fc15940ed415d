import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock, until } from "./clock.ts";
import { findings } from "./cluster/findings.ts";
import { unsettled } from "./cluster/settled.ts";
import type { Address, Snapshot } from "./cluster/snapshot.ts";
import { statusJson, type StatusJson } from "./cluster/status-json.ts";
import { VedetteError } from "./errors.ts";
import { context, look, requireMaster, requireNode, type Context } from "./operations/context.ts";
import { startNode, stopNode } from "./operations/one-node.ts";
import { up } from "./operations/up.ts";
import { sentinelConnector, type FollowingOptions } from "./redis/connector/sentinel-connector.ts";
import { chooseRuntime, openRuntime } from "./cli/open-runtime.ts";
import { claimPorts, type PortBlock } from "./runtimes/local/free-ports.ts";
import { LocalRuntime } from "./runtimes/local/local-runtime.ts";
import { readPassword } from "./runtimes/state/password.ts";
import { ThrowAway } from "./runtimes/local/throw-away.ts";
import { fillKeys, setKeys } from "./topology/fill.ts";
import { loadTopology, parseTopology } from "./topology/load.ts";
import { allNodes, type NodeId } from "./topology/model.ts";

export type { Finding } from "./cluster/finding.ts";
export type { Address } from "./cluster/snapshot.ts";
export type { NamedAddress, NodeJson, SentinelJson, StatusJson } from "./cluster/status-json.ts";
export {
  confirmedWrites,
  replicasToConfirm,
  type Confirm,
  type Confirmation,
  type ConfirmedOptions,
} from "./redis/confirmed.ts";
export { sentinelConnector, type FollowingOptions } from "./redis/connector/sentinel-connector.ts";
export type { NatMap, SentinelSettings } from "./redis/connector/settings.ts";
export { UsageError, VedetteError } from "./errors.ts";
export { loadTopology } from "./topology/load.ts";
export type { NodeId, ResolvedTopology, Topology } from "./topology/model.ts";

/** How long `settled` and `failedOver` wait unless told: ms. */
const PATIENCE_MS = 60_000;
const POLL_MS = 50;

/**
 * A test waits for every failover, so Sentinel is made quicker than a production cluster's: `settled` would wait
 * for its stock INFO period of 10 s after every change.
 */
const TEST_DEFAULTS = { "sentinel.downAfter": "1500ms", "sentinel.periods.info": "500ms" };

/** A master as the Sentinels name it. */
export interface Master extends Address {
  node: NodeId;
}

/** A cluster as seen from outside: reads only. */
export interface Cluster {
  /** The cluster's name, which is the master's name for Sentinel clients. */
  readonly name: string;
  readonly sentinels: readonly Address[];
  /** Names of all Redis nodes and Sentinels. */
  readonly nodes: readonly NodeId[];
  /** Options for an ioredis client that follows the master, password included: `new Redis(cluster.clientOptions())`. */
  clientOptions(): FollowingOptions & { password?: string };
  /** The master that a majority of the Sentinels names. Throws VedetteError when there is none. */
  master(): Promise<Master>;
  /** What `vedette status --json` prints. Never throws for what is down. */
  status(): Promise<StatusJson>;
  /**
   * Waits until the cluster would survive the loss of its master: all nodes up and in sync, all Sentinels agreed.
   * Throws VedetteError with what is missing after `deadlineMs` (60 s).
   */
  settled(deadlineMs?: number): Promise<StatusJson>;
  /**
   * Waits until a majority of the Sentinels names another node than `from`, and that node takes writes.
   * Throws VedetteError after `deadlineMs` (60 s).
   */
  failedOver(from: NodeId, deadlineMs?: number): Promise<Master>;
}

/** A cluster that `startCluster` started. Use `await using`, or call `stop` in a `finally`. */
export interface RunningCluster extends Cluster, AsyncDisposable {
  /** Its topology file, state and data. */
  readonly dir: string;
  /** SIGKILL; resolves when the process is gone. Without a steward nobody brings it back. */
  killNode(node: NodeId): Promise<void>;
  /** Stops it cleanly; it stays down until `startNode`. */
  stopNode(node: NodeId): Promise<void>;
  /** Starts it as `vedette start` does: a node never comes back as a second master. */
  startNode(node: NodeId): Promise<void>;
  /** Ends every process and deletes `dir`. May be called again. */
  stop(): Promise<void>;
}

export interface StartOptions {
  /** Topology file as text; see `vedette init`. Ports that it does not set are found free ones. */
  topology?: string;
  /** Default 3, as in the topology file. This and the following options win over `topology`. */
  replicas?: number;
  /** Default 3. */
  sentinels?: number;
  /** Silence after which a Sentinel takes a node for down, as in `5s`; default 1500ms. */
  downAfter?: string;
  /** The cluster's and master's name; default `mymaster`. */
  name?: string;
  /** Have a steward restart what dies; default false, so that what a test kills stays dead. */
  steward?: boolean;
  /** Where the cluster's own directory is made; default the system's directory for temporary files. */
  dir?: string;
  /** Called with each step of the start. */
  report?: (line: string) => void;
}

/**
 * Starts a cluster of its own (real processes, free ports, a temporary directory) and waits until it is settled.
 *
 * Should this process end without `stop`, however that happens, the cluster ends with it.
 *
 * @throws UsageError when the topology is wrong, VedetteError when it could not be started; nothing is left then
 */
export async function startCluster(options: StartOptions = {}): Promise<RunningCluster> {
  const dir = mkdtempSync(join(options.dir ?? tmpdir(), "vedette-cluster-"));
  let ports: PortBlock | null = null;
  try {
    const { text, nodes } = topologyText(options, dir);
    ports = await claimPorts(nodes.redis + nodes.sentinels, systemClock.now());
    const file = join(dir, "vedette.yaml");
    const firstPorts = { "redis.port": ports.first, "sentinel.port": ports.first + nodes.redis };
    writeFileSync(file, fillKeys(text, firstPorts));
    const ctx = openContext(file, dir, options.report);
    const place = await ThrowAway.guard(dir, ports, ctx.runtime);
    return await started(new OwnCluster(ctx, dir, place), options.steward === true);
  } catch (error) {
    ports?.release();
    rmSync(dir, { recursive: true, force: true });
    throw error;
  }
}

/** Looks at the cluster of a topology file: `file`, or `vedette.yaml` in the working directory, or the defaults. */
export function openCluster(file: string | null = null): Cluster {
  const { topology } = chooseRuntime(file, undefined, () => {});
  const password = readPassword(topology);
  return new ObservedCluster(
    context(
      topology,
      openRuntime(topology, password, () => {}),
      password,
    ),
  );
}

async function started(cluster: OwnCluster, steward: boolean): Promise<RunningCluster> {
  try {
    await up(cluster.ctx, { force: null, steward });
    return cluster;
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

/** The topology before its ports are known. What is wrong in the user's own text is told with its own lines. */
function topologyText(
  options: StartOptions,
  dir: string,
): { text: string; nodes: { redis: number; sentinels: number } } {
  const place = join(dir, "vedette.yaml");
  const own = options.topology ?? "";
  parseTopology(own, place, "topology");
  const text = setKeys(fillKeys(own, TEST_DEFAULTS), {
    name: options.name,
    runtime: "local", // a cluster for a test is one of processes, whatever the topology is for
    "redis.replicas": options.replicas,
    "sentinel.count": options.sentinels,
    "sentinel.downAfter": options.downAfter,
  });
  const { topology } = parseTopology(text, place, "topology");
  return { text, nodes: { redis: topology.redis.nodes.length, sentinels: topology.sentinel.nodes.length } };
}

type LocalContext = Context & { runtime: LocalRuntime };

function openContext(file: string | null, cwd: string, report?: (line: string) => void): LocalContext {
  const { topology } = loadTopology(file, cwd);
  const password = readPassword(topology);
  const runtime = new LocalRuntime(topology, password);
  return { ...context(topology, runtime, password, report), runtime };
}

class ObservedCluster implements Cluster {
  constructor(readonly ctx: Context) {}

  get name(): string {
    return this.ctx.topology.name;
  }

  get sentinels(): readonly Address[] {
    return this.ctx.topology.sentinel.nodes.map(({ reach }) => reach);
  }

  get nodes(): readonly NodeId[] {
    return allNodes(this.ctx.topology).map((node) => node.id);
  }

  clientOptions(): FollowingOptions & { password?: string } {
    const { name, sentinels } = this;
    const { password } = this.ctx;
    if (password === null) return sentinelConnector({ name, sentinels });
    return { ...sentinelConnector({ name, sentinels, sentinelPassword: password }), password };
  }

  async master(): Promise<Master> {
    const { id, host, port } = await requireMaster(this.ctx, "looking for the master");
    return { node: id, host, port };
  }

  async status(): Promise<StatusJson> {
    return this.statusOf(await look(this.ctx));
  }

  async settled(deadlineMs = PATIENCE_MS): Promise<StatusJson> {
    let missing: string[] = [];
    const snapshot = await this.eventually(deadlineMs, (seen) => {
      missing = unsettled(this.ctx.topology, seen);
      return missing.length === 0;
    });
    if (snapshot !== null) return this.statusOf(snapshot);
    throw new VedetteError(
      `waiting until ${this.name} is settled: after ${deadlineMs} ms\n${missing.map((line) => `  ${line}`).join("\n")}`,
    );
  }

  async failedOver(from: NodeId, deadlineMs = PATIENCE_MS): Promise<Master> {
    requireNode(this.ctx.topology, from);
    const taken = (seen: Snapshot) =>
      seen.nodes.some(({ node, role, fenced }) => node === seen.master?.node && role === "master" && !fenced);
    const snapshot = await this.eventually(deadlineMs, (seen) => seen.master?.node !== from && taken(seen));
    const master = snapshot?.master;
    if (master?.node) return { node: master.node, host: master.host, port: master.port };
    throw new VedetteError(
      `waiting for a failover of ${this.name} from ${from}: none after ${deadlineMs} ms`,
      {
        next: "see the findings of status() for what keeps the Sentinels from it",
      },
    );
  }

  private statusOf(snapshot: Snapshot): StatusJson {
    return statusJson(this.ctx.topology, snapshot, findings(this.ctx.topology, snapshot));
  }

  private eventually(deadlineMs: number, condition: (seen: Snapshot) => boolean): Promise<Snapshot | null> {
    const ask = async () => {
      const snapshot = await look(this.ctx);
      return condition(snapshot) ? snapshot : null;
    };
    return until(ask, { deadlineMs, everyMs: POLL_MS, clock: this.ctx.clock });
  }
}

const KILL_DEADLINE_MS = 10_000;

class OwnCluster extends ObservedCluster implements RunningCluster {
  private stopping: Promise<void> | null = null;

  constructor(
    ctx: LocalContext,
    readonly dir: string,
    private readonly place: ThrowAway,
  ) {
    super(ctx);
  }

  async killNode(node: NodeId): Promise<void> {
    await this.ctx.runtime.stop(requireNode(this.ctx.topology, node).id, "kill", KILL_DEADLINE_MS);
  }

  async stopNode(node: NodeId): Promise<void> {
    await stopNode(this.ctx, node, false);
  }

  async startNode(node: NodeId): Promise<void> {
    await startNode(this.ctx, node, false);
  }

  stop(): Promise<void> {
    this.stopping ??= this.place.end();
    return this.stopping;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }
}
