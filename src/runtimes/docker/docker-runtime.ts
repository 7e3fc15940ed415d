import { existsSync, rmSync } from "node:fs";
import { until, type Clock } from "../../clock.ts";
import type { NodeProcess } from "../../cluster/snapshot.ts";
import { VedetteError } from "../../errors.ts";
import type { ConfChange } from "../../render/merge-conf.ts";
import { containerName, volumeName } from "../../topology/docker.ts";
import { allNodes, findNode, type ClusterNode, type NodeId, type Topology } from "../../topology/model.ts";
import { unknownRedis, unknownSentinel } from "../read-records.ts";
import type { Records } from "../records.ts";
import type {
  Belonging,
  DataRoom,
  FirstFacts,
  ProcessFault,
  Program,
  ProgramUse,
  RedisProgram,
  Runtime,
  StopMode,
  StopResult,
} from "../runtime.ts";
import { ControlPlane } from "../state/control-plane.ts";
import { readText, replaceShared } from "../state/files.ts";
import { logFilesOf } from "../state/log-files.ts";
import { portSentence, takenPorts } from "../state/ports.ts";
import { readPositions } from "../state/positions.ts";
import { readSupervision, readWanted, forgetNote } from "../state/supervision.ts";
import { dataRoom, deleteAside, setAside } from "./aside.ts";
import { belongingsOf, deleteBelonging } from "./belongings.ts";
import { ContainerMaker } from "./container-maker.ts";
import { ContainerTable } from "./container-table.ts";
import { inspectContainer, type Container } from "./containers.ts";
import { LogMirrors } from "./docker-log.ts";
import { engineSocket } from "./endpoint.ts";
import { Engine } from "./engine.ts";
import { ensureImage } from "./images.ts";
import { disconnect, reconnect, takenSubnets } from "./network.ts";
import { NodeFiles } from "./node-files.ts";
import { processOf } from "./node-process.ts";
import { programInContainer } from "./programs.ts";
import { ComposeProject } from "./project.ts";
import { freeze, sendSignal, startContainer, thaw } from "./signals.ts";
import { volumeExists, withVolume, type VolumeUse } from "./volume.ts";

/**
 * Nodes as containers of this machine's Docker engine, made by Compose from the file that people may use without us.
 *
 * The engine starts a container again that has ended by itself; who is to come back as what is decided inside, by
 * assets/node-start.sh.
 */
export class DockerRuntime extends ControlPlane implements Runtime {
  readonly kind = "docker";
  readonly restartsByItself = true;
  private readonly engine: Engine;
  private readonly table: ContainerTable;
  private readonly files: NodeFiles;
  private readonly project: ComposeProject;
  private readonly maker: ContainerMaker;
  private readonly logs: LogMirrors;
  private readonly dataIds = new Map<string, { startedAt: number | null; dataId: string | null }>();

  constructor(
    topology: Topology,
    password: string | null,
    private readonly report: (line: string) => void = () => {},
    clock?: Clock,
  ) {
    super(topology, password, clock);
    this.engine = new Engine(engineSocket(process.env));
    this.table = new ContainerTable(this.engine, topology.name);
    this.files = new NodeFiles(this.engine, topology, password);
    this.project = new ComposeProject(topology, this.paths, password, this.engine.socket);
    this.maker = new ContainerMaker(this.engine, topology, this.table, this.project, report);
    this.logs = new LogMirrors(this.engine);
  }

  async inspect(): Promise<NodeProcess[]> {
    const containers = await this.table.all();
    const facts = { wanted: readWanted(this.paths), supervision: readSupervision(this.paths) };
    return allNodes(this.topology).map((node) => {
      const container = containers.find((each) => each.node === node.id) ?? null;
      const waits = readText(this.project.shared(node.id, "wait"));
      return processOf(node.id, container, waits, this.endingOf(node.id), facts);
    });
  }

  /** Has the engine tell what happens to containers, until `signal` aborts. */
  async watch(signal: AbortSignal, onChange: () => void): Promise<void> {
    await this.table.watch(signal, onChange);
  }

  endingOf(node: NodeId): string | null {
    return this.table.endingOf(node);
  }

  override async claimState(): Promise<void> {
    await super.claimState();
    await this.maker.make(allNodes(this.topology).map(({ id }) => id));
  }

  async records(): Promise<Records> {
    const { redis, sentinel } = this.topology;
    const [redisRecords, sentinelRecords] = await Promise.all([
      Promise.all(redis.nodes.map((node) => this.seen(node, (at) => this.files.redisRecord(at, node)))),
      Promise.all(sentinel.nodes.map((node) => this.seen(node, (at) => this.files.sentinelRecord(at, node)))),
    ]);
    return {
      redis: redis.nodes.map(({ id }, i) => redisRecords[i] ?? unknownRedis(id)),
      sentinels: sentinel.nodes.map(({ id }, i) => sentinelRecords[i] ?? unknownSentinel(id)),
      positions: readPositions(this.paths),
    };
  }

  async dataSets(): Promise<Map<NodeId, string | null>> {
    const containers = await this.table.all();
    const sets = this.topology.redis.nodes.map(async ({ id }): Promise<[NodeId, string | null]> => {
      const container = containers.find((each) => each.node === id);
      return [id, container === undefined ? null : await this.dataIdIn(container)];
    });
    return new Map(await Promise.all(sets));
  }

  async pending(id: NodeId): Promise<ConfChange[]> {
    const node = this.node(id);
    return (await this.seen(node, (at) => this.files.pending(at, node))) ?? [];
  }

  async settle(id: NodeId): Promise<void> {
    await this.files.markUpToDate(this.nameOf(id), this.node(id));
  }

  async forget(id: NodeId): Promise<void> {
    await this.files.forget(this.nameOf(id));
  }

  async obstacles(ids: readonly NodeId[]): Promise<string[]> {
    const [ports, subnets, foreign] = await Promise.all([
      takenPorts(ids.map((id) => this.node(id))),
      takenSubnets(this.engine, this.topology),
      this.maker.foreign(),
    ]);
    return [...foreign, ...subnets, ...(foreign.length > 0 ? [] : ports.map(portSentence))];
  }

  async prepare(id: NodeId, first: FirstFacts | null): Promise<void> {
    const node = this.node(id);
    await this.maker.make([id]);
    const pause = await this.pause();
    await this.files.bringUpToDate(this.nameOf(id), node, first, pause, this.clock.now());
  }

  async start(id: NodeId, options: { force?: boolean } = {}): Promise<{ pid: number; already: boolean }> {
    const container = await this.containerOf(id);
    const running = container?.pid ?? null;
    const starts = running === null || existsSync(this.project.shared(id, "wait"));
    if (options.force && starts) replaceShared(this.project.shared(id, "force"), "now\n");
    else rmSync(this.project.shared(id, "force"), { force: true });
    if (running !== null) return { pid: running, already: true };
    await this.prepare(id, null);
    rmSync(this.project.shared(id, "wait"), { force: true });
    forgetNote(id, this.paths);
    await startContainer(this.engine, this.nameOf(id));
    const pid = (await this.containerOf(id))?.pid ?? null;
    if (pid !== null) return { pid, already: false };
    throw new VedetteError(`starting ${id}: its container ended at once`, {
      next: `look at \`vedette logs ${id}\``,
    });
  }

  async strangers(): Promise<NodeId[]> {
    const containers = await this.table.all();
    return containers
      .filter(({ node, pid }) => pid !== null && findNode(this.topology, node) === null)
      .map(({ node }) => node);
  }

  async stop(id: NodeId, mode: StopMode, deadlineMs: number): Promise<StopResult> {
    const node = findNode(this.topology, id); // null for one that the topology has dropped
    const begun = this.clock.monotonic();
    const result = (how: StopResult["how"]): StopResult => ({
      node: id,
      how,
      ms: Math.round(this.clock.monotonic() - begun),
    });
    const name = this.nameOf(id);
    if (((await this.containerOf(id))?.pid ?? null) === null) return result("already");
    const served = !existsSync(this.project.shared(id, "wait"));
    const gone = () => until(() => this.isGone(id), { deadlineMs, everyMs: 20, clock: this.clock });
    if (mode === "graceful") {
      await sendSignal(this.engine, name, "SIGTERM");
      await thaw(this.engine, name); // one that is frozen sees the signal only once it goes on
      if (await gone()) {
        if (node?.kind === "redis" && served) replaceShared(this.project.shared(id, "clean-stop"), "");
        return result("graceful");
      }
      if (node?.kind === "redis" && !node.appendOnly) throw unsaved(id, deadlineMs);
    }
    await sendSignal(this.engine, name, "SIGKILL");
    if (await gone()) return result("killed");
    throw new VedetteError(`stopping ${id}: its container survived SIGKILL for ${deadlineMs} ms`, {
      next: "a process that cannot be killed waits for a disk or a network file system: look at `dmesg`",
    });
  }

  async fault(id: NodeId, fault: ProcessFault): Promise<void> {
    const name = this.nameOf(this.node(id).id);
    if (fault === "disconnect") return disconnect(this.engine, this.topology, name);
    if (fault === "reconnect") return reconnect(this.engine, this.topology, this.node(id), name);
    if (fault === "hang") return freeze(this.engine, name);
    if (fault === "continue") return thaw(this.engine, name);
    await sendSignal(this.engine, name, fault === "kill" ? "SIGKILL" : "SIGTERM");
  }

  async dataRoom(id: NodeId): Promise<DataRoom> {
    return dataRoom(this.volume(id));
  }

  async setAside(id: NodeId, stamp: number): Promise<string> {
    if (!(await this.isGone(id))) throw new VedetteError(`setting the data of ${id} aside: it runs`);
    return setAside(this.volume(id), stamp);
  }

  async deleteAside(id: NodeId): Promise<void> {
    await deleteAside(this.volume(id));
  }

  async hold(id: NodeId, untilMs: number, reason: string): Promise<void> {
    const oneLine = reason.replace(/\s+/g, " ");
    replaceShared(this.project.shared(id, "hold"), `${Math.ceil(untilMs / 1000)} ${oneLine}\n`);
  }

  async releaseHold(id: NodeId): Promise<void> {
    rmSync(this.project.shared(id, "hold"), { force: true });
  }

  async program(name: RedisProgram, use: ProgramUse = {}): Promise<Program> {
    return programInContainer(this.engine, this.topology, name, use);
  }

  async belongings(): Promise<Belonging[]> {
    return belongingsOf(this.engine, this.topology, this.paths);
  }

  async delete(what: Belonging): Promise<void> {
    await deleteBelonging(this.engine, what);
  }

  async logFiles(id: NodeId): Promise<string[]> {
    if (findNode(this.topology, id) === null) return logFilesOf(this.paths.log(id)); // the steward's
    const container = await this.containerOf(id);
    const file = container === null ? null : await this.logs.update(id, container.id);
    return file === null ? [] : [file];
  }

  /** Through the node's container, or one that has its volume for a moment; null where there is neither. */
  private async seen<T>(node: ClusterNode, work: (container: string) => Promise<T>): Promise<T | null> {
    const container = await this.containerOf(node.id);
    if (container !== null) return work(container.id);
    const use = this.volume(node.id);
    if (!(await volumeExists(this.engine, use.volume))) return null;
    await ensureImage(this.engine, use.image, this.report);
    return withVolume(use, work);
  }

  /** A data set gets its name when the node starts. */
  private async dataIdIn({ id, startedAt }: Container): Promise<string | null> {
    const known = this.dataIds.get(id);
    if (known?.startedAt === startedAt && known.dataId !== null) return known.dataId;
    const dataId = await this.files.dataId(id);
    this.dataIds.set(id, { startedAt, dataId });
    return dataId;
  }

  private async containerOf(id: NodeId): Promise<Container | null> {
    return inspectContainer(this.engine, this.nameOf(id));
  }

  private async isGone(id: NodeId): Promise<boolean> {
    return ((await this.containerOf(id))?.pid ?? null) === null;
  }

  private nameOf(id: NodeId): string {
    return containerName(this.topology.name, id);
  }

  private volume(id: NodeId): VolumeUse {
    const { topology, engine } = this;
    return { engine, image: topology.docker.images.redis, volume: volumeName(topology.name, id) };
  }
}

function unsaved(id: NodeId, deadlineMs: number): VedetteError {
  return new VedetteError(
    `stopping ${id}: it did not end within ${deadlineMs} ms, and killing it would lose what it has not saved`,
    { next: `mend what keeps it from saving, or accept the loss with \`vedette stop ${id} --force\`` },
  );
}
