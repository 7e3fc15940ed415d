import { existsSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { until } from "../../clock.ts";
import type { NodeProcess } from "../../cluster/snapshot.ts";
import { VedetteError } from "../../errors.ts";
import type { ConfChange } from "../../render/merge-conf.ts";
import { allNodes, findNode, type ClusterNode, type NodeId } from "../../topology/model.ts";
import type { Records } from "../records.ts";
import type {
  Belonging,
  DataRoom,
  FirstFacts,
  ProcessFault,
  Program,
  RedisProgram,
  Runtime,
  StopMode,
  StopResult,
} from "../runtime.ts";
import { ControlPlane } from "../state/control-plane.ts";
import { findBinaries, findBinary } from "../state/binaries.ts";
import { replaceFile } from "../state/files.ts";
import { logFilesOf } from "../state/log-files.ts";
import { portSentence, takenPorts } from "../state/ports.ts";
import { forgetNote, readSupervision, readWanted } from "../state/supervision.ts";
import { dataRoom, deleteAside, setAside } from "./aside.ts";
import { belongingsOf } from "./belongings.ts";
import { livingProcess, pidFiles, processOf } from "./process-table.ts";
import { readDataSets, readRecords } from "./records.ts";
import { SIGNALS, signal } from "./signals.ts";
import { installScript, logTail, spawnNode } from "./spawn-node.ts";
import { startEnv } from "./start-env.ts";
import { bringUpToDate, makeNodeDirs, markUpToDate, pendingChanges, setDownAfter } from "./working-copy.ts";

/** Nodes as plain processes of this machine, which outlive whoever started them. */
export class LocalRuntime extends ControlPlane implements Runtime {
  readonly kind = "local";
  readonly restartsByItself = false;
  private readonly endings = new Map<NodeId, string>();

  async inspect(): Promise<NodeProcess[]> {
    const wanted = readWanted(this.paths);
    const supervision = readSupervision(this.paths);
    return allNodes(this.topology).map((node) => processOf(node, this.paths, wanted, supervision));
  }

  async records(): Promise<Records> {
    return readRecords(this.topology, this.paths);
  }

  async dataSets(): Promise<Map<NodeId, string | null>> {
    return readDataSets(this.topology);
  }

  async pending(id: NodeId): Promise<ConfChange[]> {
    return pendingChanges(this.topology, this.node(id), this.paths, this.password);
  }

  async settle(id: NodeId): Promise<void> {
    markUpToDate(this.topology, this.node(id), this.paths, this.password);
  }

  async forget(id: NodeId): Promise<void> {
    for (const memory of ["started", "sentinels"])
      rmSync(`${this.dirOf(this.node(id))}/${memory}`, { force: true });
  }

  async obstacles(ids: readonly NodeId[]): Promise<string[]> {
    return (await takenPorts(ids.map((id) => this.node(id)))).map(portSentence);
  }

  async prepare(id: NodeId, first: FirstFacts | null): Promise<void> {
    const node = this.node(id);
    makeNodeDirs(node, this.paths);
    bringUpToDate(this.topology, node, this.paths, this.password, first);
    if (node.kind === "sentinel") setDownAfter(this.topology, node, this.paths, this.clock.now());
    const dir = this.dirOf(node);
    replaceFile(`${dir}/start.env`, startEnv(this.topology, node, this.paths, findBinaries(process.env)));
    if (this.password === null) rmSync(`${dir}/secret`, { force: true });
    else replaceFile(`${dir}/secret`, this.password);
    installScript(this.paths);
  }

  async start(id: NodeId, options: { force?: boolean } = {}): Promise<{ pid: number; already: boolean }> {
    const node = this.node(id);
    const running = livingProcess(id, this.paths);
    // The order to start as master is for this start alone: left behind, it would make a master of the next one.
    const starts = running === null || existsSync(this.paths.wait(id));
    if (options.force && starts) replaceFile(this.paths.force(id), "");
    else rmSync(this.paths.force(id), { force: true });
    if (running !== null) return { pid: running.pid, already: true };
    await this.prepare(id, null);
    rmSync(this.paths.wait(id), { force: true });
    forgetNote(id, this.paths);
    const pid = await spawnNode(node, this.dirOf(node), this.paths, (end) => this.endings.set(id, end));
    return { pid, already: false };
  }

  async strangers(): Promise<NodeId[]> {
    return pidFiles(this.paths).filter(
      (id) => findNode(this.topology, id) === null && livingProcess(id, this.paths) !== null,
    );
  }

  async stop(id: NodeId, mode: StopMode, deadlineMs: number): Promise<StopResult> {
    const node = findNode(this.topology, id); // null for one that the topology has dropped
    const begun = this.clock.monotonic();
    const ms = () => Math.round(this.clock.monotonic() - begun);
    const target = livingProcess(id, this.paths);
    if (target === null) return { node: id, how: "already", ms: 0 };
    const served = !existsSync(this.paths.wait(id));
    const gone = () => until(async () => livingProcess(id, this.paths) === null, { deadlineMs, everyMs: 20 });
    if (mode === "graceful") {
      // A stopped (SIGSTOP) process sees SIGTERM only once it goes on.
      signal(target.pid, "SIGTERM");
      signal(target.pid, "SIGCONT");
      if (await gone()) {
        // A node that only waited to start has saved nothing: how it ended before is what counts.
        if (node?.kind === "redis" && served) replaceFile(`${this.dirOf(node)}/clean-stop`, "");
        return { node: id, how: "graceful", ms: ms() };
      }
      if (node?.kind === "redis" && !node.appendOnly) throw this.unsaved(node, deadlineMs);
    }
    signal(target.pid, "SIGKILL");
    if (await gone()) return { node: id, how: "killed", ms: ms() };
    throw new VedetteError(`stopping ${id}: pid ${target.pid} survived SIGKILL for ${deadlineMs} ms`, {
      next: "a process that cannot be killed waits for a disk or a network file system: look at `dmesg`",
    });
  }

  async fault(id: NodeId, fault: ProcessFault): Promise<void> {
    const target = livingProcess(this.node(id).id, this.paths);
    if (fault === "disconnect" || fault === "reconnect")
      throw new VedetteError(`cutting ${id} off: a process of this machine has no network of its own`);
    if (target === null) throw new VedetteError(`sending ${SIGNALS[fault]} to ${id}: it has no process`);
    signal(target.pid, SIGNALS[fault]);
  }

  async dataRoom(id: NodeId): Promise<DataRoom> {
    return dataRoom(this.redis(id));
  }

  async setAside(id: NodeId, stamp: number): Promise<string> {
    if (livingProcess(id, this.paths) !== null)
      throw new VedetteError(`setting the data of ${id} aside: it runs`);
    return setAside(this.redis(id), stamp);
  }

  async deleteAside(id: NodeId): Promise<void> {
    deleteAside(this.redis(id));
  }

  async hold(id: NodeId, untilMs: number, reason: string): Promise<void> {
    const oneLine = reason.replace(/\s+/g, " ");
    replaceFile(this.paths.hold(id), `${Math.ceil(untilMs / 1000)} ${oneLine}\n`);
  }

  async releaseHold(id: NodeId): Promise<void> {
    rmSync(this.paths.hold(id), { force: true });
  }

  async program(name: RedisProgram): Promise<Program> {
    return { path: findBinary(name, process.env), args: [], address: ({ reach }) => reach };
  }

  async belongings(): Promise<Belonging[]> {
    return belongingsOf(this.topology, this.paths).map((name) => ({ kind: "path", name }));
  }

  async delete({ name }: Belonging): Promise<void> {
    await rm(name, { recursive: true, force: true });
  }

  /** How the node's last process ended, if this very process started it. */
  endingOf(id: NodeId): string | null {
    return this.endings.get(id) ?? null;
  }

  async logFiles(id: NodeId): Promise<string[]> {
    return logFilesOf(this.paths.log(id));
  }

  /** The last lines of a node's log as an appendix to an error message, or "". */
  logTail(id: NodeId): string {
    return logTail(this.node(id), this.paths);
  }

  private dirOf(node: ClusterNode): string {
    return node.kind === "redis" ? this.paths.redis(node.id) : this.paths.sentinel(node.id);
  }

  private unsaved(node: ClusterNode, deadlineMs: number): VedetteError {
    return new VedetteError(
      `stopping ${node.id}: it did not end within ${deadlineMs} ms, and killing it would lose what it has not saved${this.logTail(node.id)}`,
      { next: `mend what keeps it from saving, or accept the loss with \`vedette stop ${node.id} --force\`` },
    );
  }
}
