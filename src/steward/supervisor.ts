import type { NodeProcess, Snapshot } from "../cluster/snapshot.ts";
import { explain } from "../errors.ts";
import type { Context } from "../operations/context.ts";
import type { Lease } from "../runtimes/runtime.ts";
import type { NodeId } from "../topology/model.ts";
import { decideRestart } from "./restart-policy.ts";

/** What the supervisor tells the steward, which writes it down. */
export interface SupervisorEvents {
  down(node: NodeId, cause: string): void;
  up(node: NodeId, pid: number): void;
  gaveUp(node: NodeId, why: string): void;
  failed(node: NodeId, why: string): void;
}

interface Watched {
  pid: number | null;
  endedAt: number | null;
  restarts: number[];
  gaveUp: boolean;
}

/** Watches processes and brings back those that are meant to be up, one at a time, under the lease. */
export class Supervisor {
  private readonly watched = new Map<NodeId, Watched>();

  constructor(
    private readonly ctx: Context,
    private readonly events: SupervisorEvents,
    private readonly endingOf: (node: NodeId) => string | null,
  ) {}

  /** One pass over all processes. `act` false observes only: after a clock jump, or when held. */
  async pass(processes: readonly NodeProcess[], snapshot: Snapshot | null, act: boolean): Promise<void> {
    for (const process of processes) {
      const watched = this.note(process);
      // What ended while we were held counts from when we may act: the Sentinels, held as well, decide first.
      if (!act && process.pid === null) watched.endedAt = this.ctx.clock.monotonic();
      if (process.state === "stopped" && process.wanted && !watched.gaveUp && act) {
        await this.consider(process.node, watched, snapshot);
      }
    }
  }

  private note(process: NodeProcess): Watched {
    const known = this.watched.get(process.node);
    const watched = known ?? { pid: null, endedAt: null, restarts: [], gaveUp: process.gaveUp };
    this.watched.set(process.node, watched);
    const now = this.ctx.clock.monotonic();
    // Whoever starts a node forgets that it was given up: that is a new beginning, even if it has ended again.
    if (watched.gaveUp && !process.gaveUp) Object.assign(watched, { gaveUp: false, restarts: [] });
    if (process.pid !== null && process.pid !== watched.pid) {
      // Docker starts a container again before anybody has looked.
      if (watched.pid !== null && this.ctx.runtime.restartsByItself)
        this.events.down(process.node, this.endingOf(process.node) ?? "its process is gone");
      if (known !== undefined) this.events.up(process.node, process.pid);
      watched.endedAt = null;
    }
    if (process.pid === null && watched.endedAt === null) {
      watched.endedAt = now;
      const cause = process.wanted
        ? (this.endingOf(process.node) ?? "its process is gone")
        : "stopped on request";
      if (watched.pid !== null) this.events.down(process.node, cause);
    }
    watched.pid = process.pid;
    return watched;
  }

  private async consider(node: NodeId, watched: Watched, snapshot: Snapshot | null): Promise<void> {
    const { supervise, sentinel } = this.ctx.topology;
    const decision = decideRestart({
      now: this.ctx.clock.monotonic(),
      endedAt: watched.endedAt ?? 0,
      restarts: watched.restarts,
      limit: { restarts: supervise.restarts, windowMs: supervise.windowMs },
      named: snapshot?.master?.node === node,
      promotable:
        snapshot?.nodes.some(
          (each) => each.node !== node && each.role === "replica" && (each.priority ?? 0) > 0,
        ) ?? false,
      decisionMs: sentinel.downAfterMs + 2 * sentinel.failoverTimeoutMs,
    });
    if (decision.do === "give-up") {
      watched.gaveUp = true;
      this.events.gaveUp(node, decision.why);
    } else if (decision.do === "restart") {
      await this.restart(node, watched);
    }
  }

  private async restart(node: NodeId, watched: Watched): Promise<void> {
    if ((await this.ctx.runtime.operation()) !== null) return;
    let lease: Lease;
    try {
      lease = await this.ctx.runtime.lease(`restart of ${node}`);
    } catch {
      return; // an operation has just begun; it knows what it does, and we look again at the next pass
    }
    try {
      watched.restarts.push(this.ctx.clock.monotonic());
      // The wish may have changed while we waited for the lease.
      const [process] = (await this.ctx.runtime.inspect()).filter((each) => each.node === node);
      if (process?.wanted && process.state === "stopped") await this.ctx.runtime.start(node);
    } catch (error) {
      this.events.failed(node, explain(error));
    } finally {
      await lease.release();
      watched.endedAt = null;
    }
  }
}
