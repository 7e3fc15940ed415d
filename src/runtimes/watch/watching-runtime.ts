import type { NodeProcess } from "../../cluster/snapshot.ts";
import { VedetteError } from "../../errors.ts";
import type { ConfChange } from "../../render/merge-conf.ts";
import { allNodes, type NodeId } from "../../topology/model.ts";
import { unknownRedis, unknownSentinel } from "../read-records.ts";
import type { Records } from "../records.ts";
import type { Belonging, Program, Runtime, StopResult } from "../runtime.ts";
import { ControlPlane } from "../state/control-plane.ts";
import { readPositions } from "../state/positions.ts";

/**
 * For a steward that sees the nodes through the network alone, in a container without the engine's socket. It knows of
 * no process, so nothing is evidence of a death, and it can start and stop none.
 */
export class WatchingRuntime extends ControlPlane implements Runtime {
  readonly kind = "docker";
  readonly restartsByItself = true;

  async inspect(): Promise<NodeProcess[]> {
    return allNodes(this.topology).map(({ id }) => ({
      node: id,
      state: "running",
      pid: null,
      startedAt: null,
      reason: null,
      wanted: false,
      gaveUp: false,
    }));
  }

  endingOf(): null {
    return null;
  }

  async records(): Promise<Records> {
    const { redis, sentinel } = this.topology;
    return {
      redis: redis.nodes.map(({ id }) => unknownRedis(id)),
      sentinels: sentinel.nodes.map(({ id }) => unknownSentinel(id)),
      positions: readPositions(this.paths),
    };
  }

  async dataSets(): Promise<Map<NodeId, string | null>> {
    return new Map();
  }

  async pending(): Promise<ConfChange[]> {
    return [];
  }

  async obstacles(): Promise<string[]> {
    return [];
  }

  async strangers(): Promise<NodeId[]> {
    return [];
  }

  async belongings(): Promise<Belonging[]> {
    return [];
  }

  async logFiles(): Promise<string[]> {
    return [];
  }

  /** The steward takes it before it asks for a failover, which without evidence it never does. */
  async hold(): Promise<void> {
    return this.refuse();
  }

  async releaseHold(): Promise<void> {}

  async prepare(): Promise<void> {
    return this.refuse();
  }

  async settle(): Promise<void> {
    return this.refuse();
  }

  async forget(): Promise<void> {
    return this.refuse();
  }

  async start(): Promise<{ pid: number; already: boolean }> {
    return this.refuse();
  }

  async stop(): Promise<StopResult> {
    return this.refuse();
  }

  async fault(): Promise<void> {
    return this.refuse();
  }

  async dataRoom(): Promise<never> {
    return this.refuse();
  }

  async setAside(): Promise<string> {
    return this.refuse();
  }

  async deleteAside(): Promise<void> {
    return this.refuse();
  }

  async program(): Promise<Program> {
    return this.refuse();
  }

  async delete(): Promise<void> {
    return this.refuse();
  }

  private refuse(): never {
    throw new VedetteError("acting on a node: this steward watches only, and has no hand on containers", {
      next: "use `docker compose`, or Vedette on the machine itself",
    });
  }
}
