import { rmSync } from "node:fs";
import { systemClock, type Clock } from "../../clock.ts";
import type { OperationSeen, StewardSeen } from "../../cluster/snapshot.ts";
import { UsageError, VedetteError } from "../../errors.ts";
import {
  findNode,
  type ClusterNode,
  type NodeId,
  type RedisNode,
  type Topology,
} from "../../topology/model.ts";
import type { Lease, PauseRecord, SideWork } from "../runtime.ts";
import { currentClaim } from "./claims.ts";
import { replaceJson } from "./files.ts";
import { takeExclusive, takeLease } from "./leases.ts";
import { statePaths, type StatePaths } from "./paths.ts";
import { readPause, startPauseTimer } from "./pause.ts";
import { assertOwnState, movedNodes, writeMarker } from "./state-dir.ts";
import { killStewardProcess, startStewardProcess, stopStewardProcess } from "./steward-process.ts";
import { readWanted } from "./supervision.ts";

/**
 * What every runtime keeps on the machine where its commands are typed, wherever the nodes themselves run: who holds
 * the cluster, which nodes are meant to be up, a pause, the steward.
 */
export abstract class ControlPlane {
  readonly paths: StatePaths;

  constructor(
    readonly topology: Topology,
    protected readonly password: string | null,
    protected readonly clock: Clock = systemClock,
  ) {
    this.paths = statePaths(topology);
    assertOwnState(topology, this.paths);
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

  async want(changes: Partial<Record<NodeId, boolean>>): Promise<void> {
    replaceJson(this.paths.wanted, { ...readWanted(this.paths), ...changes });
  }

  async lease(operation: string): Promise<Lease> {
    return takeLease(this.topology, this.paths, operation, this.clock);
  }

  async exclusive(work: SideWork): Promise<Lease> {
    return takeExclusive(this.topology, this.paths, work, this.clock.now());
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

  protected node(id: NodeId): ClusterNode {
    const node = findNode(this.topology, id);
    if (node === null)
      throw new VedetteError(`looking for node ${id}: cluster ${this.topology.name} has none of that name`);
    return node;
  }

  protected redis(id: NodeId): RedisNode {
    const node = this.node(id);
    if (node.kind === "redis") return node;
    throw new VedetteError(`looking for the data of ${id}: it is a Sentinel`);
  }
}
