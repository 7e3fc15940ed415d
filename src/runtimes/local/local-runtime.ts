import { existsSync, rmSync } from "node:fs";
import { systemClock, until, type Clock } from "../../clock.ts";
import type { NodeProcess, OperationSeen, StewardSeen } from "../../cluster/snapshot.ts";
import { UsageError, VedetteError } from "../../errors.ts";
import type { ConfChange } from "../../render/merge-conf.ts";
import {
  allNodes,
  findNode,
  type ClusterNode,
  type NodeId,
  type RedisNode,
  type Topology,
} from "../../topology/model.ts";
import type { Records } from "../records.ts";
import type {
  DataRoom,
  FirstFacts,
  Lease,
  PauseRecord,
  ProcessFault,
  RedisProgram,
  Runtime,
  SideWork,
  StopMode,
  StopResult,
} from "../runtime.ts";
import { dataRoom, deleteAside, setAside } from "./aside.ts";
import { findBinaries, findBinary } from "./binaries.ts";
import { currentClaim } from "./claims.ts";
import { replaceFile, replaceJson } from "./files.ts";
import { takeExclusive, takeLease } from "./leases.ts";
import { logFilesOf } from "./log-files.ts";
import { statePaths, type StatePaths } from "./paths.ts";
import { readPause, setDownAfter, startPauseTimer } from "./pause.ts";
import { takenPorts } from "./ports.ts";
import {
  forgetNote,
  livingProcess,
  pidFiles,
  processOf,
  readSupervision,
  readWanted,
} from "./process-table.ts";
import { readRecords } from "./records.ts";
import { SIGNALS, signal } from "./signals.ts";
import { installScript, logTail, spawnNode } from "./spawn-node.ts";
import { startEnv } from "./start-env.ts";
import { assertOwnState, movedNodes, writeMarker } from "./state-dir.ts";
import { belongingsOf } from "./belongings.ts";
import { killStewardProcess, startStewardProcess, stopStewardProcess } from "./steward-process.ts";
import { bringUpToDate, makeNodeDirs, markUpToDate, pendingChanges } from "./working-copy.ts";

/** Nodes as plain processes of this machine, which outlive whoever started them. */
export class LocalRuntime implements Runtime {
  readonly kind = "local";
  readonly paths: StatePaths;
  private readonly endings = new Map<NodeId, string>();

  constructor(
    readonly topology: Topology,
    private readonly password: string | null,
    private readonly clock: Clock = systemClock,
  ) {
    this.paths = statePaths(topology);
    assertOwnState(topology, this.paths);
  }

  async inspect(): Promise<NodeProcess[]> {
    const wanted = readWanted(this.paths);
    const supervision = readSupervision(this.paths);
    return allNodes(this.topology).map((node) => processOf(node, this.paths, wanted, supervision));
  }

  async steward(): Promise<StewardSeen> {
    const held = currentClaim(this.paths.claims("steward"));
    return { running: held !== null, pid: held?.pid ?? null, startedAt: held?.since ?? null };
  }

  async operation(): Promise<OperationSeen | null> {
    const held = currentClaim(this.paths.claims("operation"));
    return held === null ? null : { name: held.name, pid: held.pid, since: held.since, token: held.token };
  }

  async claimState(): Promise<void> {
    const moved = movedNodes(this.topology, this.paths);
    if (moved.length > 0) {
      throw new UsageError(
        `opening ${this.paths.root}: ${moved.join("; ")}, but the Sentinels know the old address`,
        {
          next: "put the addresses back, or give the cluster another `name` and move the data by backup and restore",
        },
      );
    }
    writeMarker(this.topology, this.paths);
  }

  async pause(): Promise<PauseRecord | null> {
    return readPause(this.paths);
  }

  async notePause(record: PauseRecord): Promise<void> {
    replaceJson(this.paths.pause, record);
  }

  async forgetPause(): Promise<void> {
    rmSync(this.paths.pause, { force: true });
  }

  async timePause(): Promise<void> {
    startPauseTimer(this.topology, this.paths);
  }

  async records(): Promise<Records> {
    return readRecords(this.topology, this.paths);
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
    const taken = await takenPorts(ids.map((id) => this.node(id)));
    return taken.map(({ node, host, owner, error }) =>
      owner === null
        ? `${node.id} needs ${host}:${node.port}: ${error}`
        : `${node.id} needs ${host}:${node.port}, which ${owner} has`,
    );
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

  async want(changes: Partial<Record<NodeId, boolean>>): Promise<void> {
    replaceJson(this.paths.wanted, { ...readWanted(this.paths), ...changes });
  }

  async hold(id: NodeId, untilMs: number, reason: string): Promise<void> {
    const oneLine = reason.replace(/\s+/g, " ");
    replaceFile(this.paths.hold(id), `${Math.ceil(untilMs / 1000)} ${oneLine}\n`);
  }

  async releaseHold(id: NodeId): Promise<void> {
    rmSync(this.paths.hold(id), { force: true });
  }

  async lease(operation: string): Promise<Lease> {
    return takeLease(this.topology, this.paths, operation, this.clock);
  }

  async exclusive(work: SideWork): Promise<Lease> {
    return takeExclusive(this.topology, this.paths, work, this.clock.now());
  }

  async program(name: RedisProgram): Promise<string> {
    return findBinary(name, process.env);
  }

  async startSteward(): Promise<{ pid: number; already: boolean }> {
    return startStewardProcess(this.topology, this.paths);
  }

  async stopSteward(deadlineMs: number): Promise<void> {
    await stopStewardProcess(this.paths, deadlineMs);
  }

  async killSteward(): Promise<void> {
    await killStewardProcess(this.paths);
  }

  async belongings(): Promise<string[]> {
    return belongingsOf(this.topology, this.paths);
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

  private node(id: NodeId): ClusterNode {
    const node = findNode(this.topology, id);
    if (node === null)
      throw new VedetteError(`looking for node ${id}: cluster ${this.topology.name} has none of that name`);
    return node;
  }

  private redis(id: NodeId): RedisNode {
    const node = this.node(id);
    if (node.kind === "redis") return node;
    throw new VedetteError(`looking for the data of ${id}: it is a Sentinel`);
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
