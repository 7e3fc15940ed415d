import { until } from "../clock.ts";
import type { NodeProcess, Snapshot } from "../cluster/snapshot.ts";
import { explain } from "../errors.ts";
import { candidatesFor, type Candidate } from "../operations/candidates.ts";
import { look, type Context } from "../operations/context.ts";
import { isDrill } from "../operations/drill/lease.ts";
import { hasten, type Hastened } from "../operations/hasten.ts";
import { refreshChoice } from "../operations/refresh-choice.ts";
import { RedisError } from "../redis/redis-error.ts";
import type { Lease } from "../runtimes/runtime.ts";
import type { NodeId } from "../topology/model.ts";
import { decideFastFailover, type MasterDeath } from "./fast-failover.ts";

/** What came of a master's death: who was asked and what happened, or why it was left to Sentinel. */
export type Reaction =
  | { from: NodeId; hastened: Hastened; candidates: Candidate[] }
  /** `asked`: a Sentinel was asked, and what came of it is not known. */
  | { from: NodeId; left: string; asked: boolean };

interface Known {
  master: NodeId;
  pid: number;
  epoch: number | null;
  seen: Snapshot;
}

/** Long enough for the slowest failover that Sentinel may still bring to its end: ms. */
const HOLD_MS = 30_000;
/** Without spreading, Sentinel tells its peers after its next poll, 1 s at most: ms. */
const AGREEMENT_DEADLINE_MS = 5_000;

/** Watches the process of the node that is master, and reacts to its end once. */
export class MasterWatch {
  private known: Known | null = null;
  private handledPid: number | null = null;

  constructor(private readonly ctx: Context) {}

  /** Learns from a look who is master and which process it is. */
  note(snapshot: Snapshot, processes: readonly NodeProcess[]): void {
    const seen = snapshot.nodes.find((each) => each.node === snapshot.master?.node);
    const pid = processes.find((each) => each.node === seen?.node)?.pid ?? null;
    if (seen?.state === "up" && seen.role === "master" && pid !== null) {
      this.known = { master: seen.node, pid, epoch: snapshot.epoch, seen: snapshot };
    }
  }

  /**
   * The replicas that could be promoted in place of `from`, as they were in the last look before `to` was master;
   * null when we had not looked while `from` was.
   */
  candidates(from: NodeId, to: NodeId, latest: Snapshot | null): Candidate[] | null {
    if (this.known?.master !== from) return null;
    const { seen } = this.known;
    const before = latest?.nodes.some((each) => each.node === to && each.role === "replica");
    return candidatesFor(from, seen, before === true && latest !== null ? latest : seen);
  }

  /** The master whose process we saw alive and that has none now, or another one that nobody of us has started. */
  ended(processes: readonly NodeProcess[]): NodeProcess | null {
    const process = processes.find((each) => each.node === this.known?.master);
    if (process === undefined || this.handledPid === this.known?.pid) return null;
    const replaced = this.ctx.runtime.restartsByItself && process.pid !== this.known?.pid;
    return process.state === "stopped" || replaced ? process : null;
  }

  /** Reacts to the end of the master's process: null if there is none to react to. */
  async react(processes: readonly NodeProcess[], tilted: boolean): Promise<Reaction | null> {
    const process = this.ended(processes);
    const { known } = this;
    if (process === null || known === null) return null;
    const handled = this.handledPid === known.pid;
    this.handledPid = known.pid;
    const operation = (await this.ctx.runtime.operation())?.name ?? null;
    const { runtime, topology } = this.ctx;
    const early = runtime.restartsByItself && topology.failover.fast && operation === null;
    // It is being started again this very moment, and would be master again before anybody has decided.
    if (early) await this.hold(known.master);
    const reaction = await this.decide(known, process.wanted, operation, tilted, handled);
    if (early && "left" in reaction && !reaction.asked) await this.ctx.runtime.releaseHold(known.master);
    return reaction;
  }

  private async decide(
    known: Known,
    wanted: boolean,
    operation: string | null,
    tilted: boolean,
    handled: boolean,
  ): Promise<Reaction> {
    const now = await look(this.ctx);
    const death: MasterDeath = {
      master: known.master,
      epoch: known.epoch,
      evidence: "process-ended",
      wanted,
      // A drill makes the master fail to see what the cluster does, and this is part of it.
      operation: operation !== null && isDrill(operation) ? null : operation,
      tilted,
      handled,
    };
    const decision = decideFastFailover(this.ctx.topology, death, now);
    if (decision.do === "leave") return { from: known.master, left: decision.why, asked: false };
    const ready = await this.prepare(death, decision.sentinel, now);
    if ("left" in ready) return { from: known.master, left: ready.left, asked: false };
    return this.ask(known.master, ready.sentinel, ready.now, operation !== null);
  }

  /** Has the Sentinel know whom to choose. If that took time, the Sentinels may have begun by themselves. */
  private async prepare(
    death: MasterDeath,
    sentinel: NodeId,
    now: Snapshot,
  ): Promise<{ sentinel: NodeId; now: Snapshot } | { left: string }> {
    const { topology } = this.ctx;
    const judged = await refreshChoice(this.ctx, sentinel, now);
    if (judged === now) return { sentinel, now };
    if (judged === null && topology.durability === "confirmed")
      return { left: "durability is confirmed, and the Sentinel does not know who has the most data" };
    const later = await look(this.ctx);
    const again = decideFastFailover(topology, death, later);
    return again.do === "leave" ? { left: again.why } : { sentinel: again.sentinel, now: later };
  }

  private async ask(from: NodeId, sentinel: NodeId, now: Snapshot, leased: boolean): Promise<Reaction> {
    const { runtime } = this.ctx;
    let lease: Lease | null = null;
    try {
      lease = leased ? null : await runtime.lease(`failover of ${from}`);
      await this.hold(from);
      const hastened = await hasten(this.ctx, sentinel, now);
      await this.agreed(from);
      await runtime.releaseHold(from);
      return { from, hastened, candidates: candidatesFor(from, this.known?.seen ?? null, now) };
    } catch (error) {
      // A Sentinel that refused has begun nothing; any other failure may have left a failover under way.
      if (error instanceof RedisError && error.reply !== null) await runtime.releaseHold(from);
      return { from, left: explain(error), asked: leased || lease !== null };
    } finally {
      await lease?.release();
    }
  }

  private async hold(node: NodeId): Promise<void> {
    const { runtime, clock } = this.ctx;
    await runtime.hold(node, clock.now() + HOLD_MS, "the Sentinels were asked to fail it over");
  }

  /** Until a majority names another master the old one could still be started as master. */
  private async agreed(from: NodeId): Promise<void> {
    await until(async () => ![null, undefined, from].includes((await look(this.ctx)).master?.node), {
      deadlineMs: AGREEMENT_DEADLINE_MS,
      everyMs: 20,
      clock: this.ctx.clock,
    });
  }
}
