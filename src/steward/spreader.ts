import { pauseInForce, pauseSentence } from "../cluster/pause.ts";
import { until } from "../clock.ts";
import { isDrill } from "../operations/drill/lease.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { explain } from "../errors.ts";
import { requireNode, withNode, type Context } from "../operations/context.ts";
import { RoleWatch } from "../operations/role-watch.ts";
import type { HeardEvent } from "../operations/sentinel-watch.ts";
import { HASTE_DEADLINE_MS, spread } from "../operations/spread.ts";
import { parseMaster, parsePeriods } from "../redis/sentinel-replies.ts";
import { nodeAt, type NodeId, type SentinelNode } from "../topology/model.ts";
import { decidedBy, hear, NOTHING_TOLD, type Decided, type Told } from "./election.ts";
import { decideSpreading, PROMOTION_DEADLINE_MS, type SentinelSaid } from "./spreading.ts";

/** A failover that a Sentinel began by itself and the steward carried on. Times are ms since it chose the replica. */
export interface Spread {
  leader: NodeId;
  from: NodeId | null;
  to: NodeId;
  epoch: number;
  durationsMs: { promoted: number; spread: number };
}

export interface SpreaderEvents {
  lastLook(): Snapshot | null;
  /** Right before the others are told: from now on a look may show the new master. */
  spreading(to: NodeId): void;
  spread(done: Spread): void;
}

/**
 * Follows what each Sentinel tells, and when one that was elected has had its replica promoted, carries its decision
 * to the other Sentinels and replicas. Left to itself it would notice after its next INFO poll, up to 1 s later.
 */
export class Spreader {
  private readonly told = new Map<NodeId, Told>();
  /** Leader and epoch: an attempt is taken up once. */
  private readonly taken = new Set<string>();

  constructor(
    private readonly ctx: Context,
    private readonly events: SpreaderEvents,
  ) {}

  hear({ sentinel, event }: HeardEvent): void {
    const told = hear(this.told.get(sentinel) ?? NOTHING_TOLD, this.ctx.topology.name, event);
    this.told.set(sentinel, told);
    const decided = decidedBy(sentinel, told);
    if (decided === null || this.taken.has(keyOf(decided))) return;
    this.taken.add(keyOf(decided));
    void this.carry(decided);
  }

  forget(sentinel: NodeId): void {
    this.told.delete(sentinel);
  }

  /** Never rejects: nobody waits for it. */
  private async carry(decided: Decided): Promise<void> {
    let why: string | null = null;
    try {
      const operation = (await this.ctx.runtime.operation())?.name ?? null;
      const lease =
        operation === null ? await this.ctx.runtime.lease(`spreading of failover ${decided.epoch}`) : null;
      try {
        why = await this.carryUnder(decided, operation);
      } finally {
        await lease?.release();
      }
    } catch (error) {
      why = explain(error);
    }
    if (why === null) return;
    this.ctx.report(
      `${decided.leader} leads failover ${decided.epoch}; telling others is left to it: ${why}`,
    );
  }

  private async heldBy(operation: string | null): Promise<string | null> {
    if (operation !== null && !isDrill(operation)) return `\`${operation}\` is at work`;
    const now = this.ctx.clock.now();
    const pause = pauseInForce(await this.ctx.runtime.pause(), now);
    return pause === null ? null : pauseSentence(pause, now);
  }

  /** Null when it was spread, else why not. */
  private async carryUnder(decided: Decided, operation: string | null): Promise<string | null> {
    const { ctx } = this;
    const heardAt = ctx.clock.monotonic();
    const since = () => Math.round(ctx.clock.monotonic() - heardAt);
    const [said, promoted] = await Promise.all([this.askSentinels(), this.untilPromoted(decided)]);
    if (!promoted) return "it told of the promotion itself, or there was none";
    const promotedMs = since();
    // `test-failover` and drills make the master fail to see what the cluster does, and this is part of it.
    const held = await this.heldBy(operation);
    const before = this.events.lastLook();
    const decision = decideSpreading(ctx.topology, decided, { held, ageMs: since(), said, before });
    if (decision.do === "leave") return decision.why;
    const leader = requireNode(ctx.topology, decided.leader);
    const { id, promoted: to, others } = decision;
    this.events.spreading(to.id);
    await spread(ctx, { leader, id, epoch: decided.epoch, promoted: to, others });
    const from = nodeAt(ctx.topology, decided.from.host, decided.from.port)?.id ?? null;
    const durationsMs = { promoted: promotedMs, spread: since() };
    this.events.spread({ leader: leader.id, from, to: to.id, epoch: decided.epoch, durationsMs });
    return null;
  }

  /** True once the chosen replica answers as master while its leader still stands by its choice. */
  private async untilPromoted(decided: Decided): Promise<boolean> {
    const { ctx } = this;
    const node = nodeAt(ctx.topology, decided.chosen.host, decided.chosen.port);
    if (node?.kind !== "redis") return false;
    const watch = new RoleWatch(ctx, node);
    const stands = () => {
      const now = decidedBy(decided.leader, this.told.get(decided.leader) ?? NOTHING_TOLD);
      return now !== null && keyOf(now) === keyOf(decided);
    };
    const over = new AbortController();
    try {
      const role = async () => {
        if (!stands()) over.abort();
        return !over.signal.aborted && (await watch.isMaster());
      };
      const options = {
        deadlineMs: PROMOTION_DEADLINE_MS,
        everyMs: 5,
        clock: ctx.clock,
        signal: over.signal,
      };
      return (await until(role, options)) === true && stands();
    } finally {
      watch.close();
    }
  }

  private async askSentinels(): Promise<SentinelSaid[]> {
    const asked = await Promise.allSettled(this.ctx.topology.sentinel.nodes.map((node) => this.ask(node)));
    return asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : []));
  }

  private async ask(node: SentinelNode): Promise<SentinelSaid> {
    const { name } = this.ctx.topology;
    const [id, entry, debug] = await withNode(
      this.ctx,
      node,
      (redis) =>
        redis.callAll([
          ["SENTINEL", "MYID"],
          ["SENTINEL", "MASTER", name],
          ["SENTINEL", "DEBUG"],
        ]),
      HASTE_DEADLINE_MS,
    );
    const master = parseMaster(entry);
    return {
      node: node.id,
      id: String(id),
      flags: master?.flags ?? [],
      epoch: master?.configEpoch ?? null,
      downAfterMs: master?.downAfterMs ?? null,
      pingMs: parsePeriods(debug)?.ping ?? null,
    };
  }
}

function keyOf({ leader, epoch }: Decided): string {
  return `${leader} ${epoch}`;
}
