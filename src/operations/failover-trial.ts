import { until } from "../clock.ts";
import { unsettled } from "../cluster/settled.ts";
import type { Address, Snapshot } from "../cluster/snapshot.ts";
import { nameAt } from "../cluster/view.ts";
import { explain, VedetteError } from "../errors.ts";
import type { NodeId, RedisNode } from "../topology/model.ts";
import { bringBack, isCalm, type Fault } from "./bring-back.ts";
import { look, type Context } from "./context.ts";
import { sentinelMarks, tenths, writeGap, type FailoverMarks } from "./failover-marks.ts";
import type { FailoverObserver } from "./failover-observer.ts";
import type { FailoverTest } from "./failover-record.ts";
import { follows } from "./follows.ts";
import { SETTLE_DEADLINE_MS } from "./plan-up.ts";
import { hurrySentinels, setPeriods } from "./sentinel-periods.ts";

const WARM_UP_DEADLINE_MS = 5_000;
const WARM_UP_WRITES = 20;

/** How long the Sentinels may take, with one failed attempt (they wait twice their timeout before the next): ms. */
export function failoverDeadlineMs(ctx: Context): number {
  const { downAfterMs, failoverTimeoutMs } = ctx.topology.sentinel;
  return downAfterMs + 3 * failoverTimeoutMs + 10_000;
}

/** One test, from the last healthy moment to the next. */
export class FailoverTrial {
  private readonly marks: FailoverMarks;
  private readonly oldAddress: Address;

  constructor(
    private readonly ctx: Context,
    private readonly fault: Fault,
    private readonly old: RedisNode,
    private readonly before: Snapshot,
    private readonly observer: FailoverObserver,
    private readonly signal: AbortSignal,
    private readonly doing: string,
  ) {
    this.oldAddress = { host: old.host, port: old.port };
    this.marks = {
      ...sentinelMarks([], this.oldAddress, 0),
      firstWriteMs: null,
      switchedMs: null,
      reconfiguredMs: null,
      backMs: null,
    };
  }

  async run(): Promise<FailoverTest> {
    const { ctx, observer, old } = this;
    const warm = await this.wait(
      async () => observer.acknowledged.length >= WARM_UP_WRITES,
      WARM_UP_DEADLINE_MS,
    );
    if (!warm) throw new VedetteError(`${this.doing}: ${old.id} takes no writes; nothing was touched`);
    const limit = failoverDeadlineMs(ctx);
    // Nobody is to bring it back as master meanwhile: the lease keeps commands and the steward away, the hold
    // whoever starts the node past them. It expires by itself should we be killed.
    await ctx.runtime.hold(
      old.id,
      ctx.clock.now() + limit + 10_000,
      "`vedette test-failover` has made it fail",
    );
    let moved = false;
    try {
      observer.faultAt = ctx.clock.monotonic();
      await ctx.runtime.fault(old.id, this.fault);
      moved = await this.watch(limit);
    } catch (error) {
      await this.restoreAfter(error);
      throw error;
    }
    await ctx.runtime.releaseHold(old.id);
    await bringBack(ctx, old, this.fault);
    const missing = await this.becomeWhole();
    return this.judge(moved, missing);
  }

  /** True once another master is named by a majority, takes writes and is followed by the other replicas. */
  private async watch(limitMs: number): Promise<boolean> {
    const { observer } = this;
    const named = await this.wait(async () => this.newMaster(), limitMs);
    if (named === null) return false;
    this.marks.switchedMs = observer.sinceFault();
    const wrote = async () =>
      writeGap(observer.acknowledged, this.oldAddress, observer.faultAt).firstAfterMs !== null;
    const [took] = await Promise.all([this.wait(wrote, limitMs), this.survivorsFollow(named, limitMs)]);
    return took === true;
  }

  private newMaster(): Address | null {
    const named = this.observer.compass.majority();
    const isOld = named?.host === this.old.host && named.port === this.old.port;
    return named === null || isOld ? null : named;
  }

  private async survivorsFollow(master: Address, limitMs: number): Promise<void> {
    const survivors = this.before.nodes.filter(
      (node) =>
        node.role === "replica" && node.link === "up" && nameAt(this.ctx.topology, master) !== node.node,
    );
    const nodes = this.ctx.topology.redis.nodes.filter((node) =>
      survivors.some((each) => each.node === node.id),
    );
    const following = await Promise.all(
      nodes.map((node) => this.wait(() => follows(this.ctx, node, master), limitMs)),
    );
    if (following.every((each) => each === true)) this.marks.reconfiguredMs = this.observer.sinceFault();
  }

  /** As `until`, but an interruption is an error. */
  private async wait<T>(condition: () => Promise<T | null | false>, deadlineMs: number): Promise<T | null> {
    const met = await until(condition, {
      deadlineMs,
      everyMs: 10,
      clock: this.ctx.clock,
      signal: this.signal,
    });
    this.signal.throwIfAborted();
    return met;
  }

  /**
   * After an interruption or a failure. The hold stays on a node that is started again: while the Sentinels may be
   * in the middle of their decision it must not come back as master, and once it has expired it may.
   */
  private async restoreAfter(error: unknown): Promise<void> {
    const { ctx, old } = this;
    try {
      const decided = this.fault === "hang" || this.newMaster() !== null;
      const until = ctx.clock.now() + ctx.topology.sentinel.downAfterMs + 5_000;
      if (decided) await ctx.runtime.releaseHold(old.id);
      else await ctx.runtime.hold(old.id, until, "the Sentinels decide first");
      await bringBack(ctx, old, this.fault);
      await this.writableAgain();
    } catch (failure) {
      throw new VedetteError(`${explain(error)}; then bringing ${old.id} back: ${explain(failure)}`, {
        cause: failure,
        next: `vedette start ${old.id}, then vedette status`,
      });
    }
  }

  /**
   * Waits until the Sentinels are calm again and the probe, which still writes, is answered: then the cluster has
   * its master, whichever it is, and the probe's keys can be deleted there.
   */
  private async writableAgain(): Promise<void> {
    const { ctx, old, observer } = this;
    const done = this.fault === "hang" ? "goes on" : "is started again";
    ctx.report(`${old.id} ${done}; waiting until there is a master that takes writes`);
    const from = observer.acknowledged.length;
    const deadlineMs = failoverDeadlineMs(ctx);
    const back = async () => isCalm(await look(ctx)) && observer.acknowledged.length > from;
    if ((await until(back, { deadlineMs, everyMs: 20, clock: ctx.clock })) !== null) return;
    ctx.report(`no master takes writes after ${deadlineMs / 1000} s: type \`vedette status\``);
  }

  /** Waits until the cluster is as whole as it was before. Returns what is missing at the deadline. */
  private async becomeWhole(): Promise<string[]> {
    const { ctx } = this;
    const troubled = troubledNodes(this.before);
    let missing: string[] = [];
    await hurrySentinels(ctx);
    try {
      await this.wait(async () => {
        missing = unsettled(ctx.topology, await look(ctx)).filter((line) => !mentions(line, troubled));
        return missing.length === 0;
      }, SETTLE_DEADLINE_MS);
    } finally {
      await setPeriods(ctx);
    }
    if (missing.length === 0) this.marks.backMs = this.observer.sinceFault();
    return missing;
  }

  private async judge(moved: boolean, missing: string[]): Promise<FailoverTest> {
    const { ctx, observer, old, before } = this;
    await observer.stopWriting();
    const end = await look(ctx);
    const after = end.master?.node ?? null;
    const gap = writeGap(observer.acknowledged, this.oldAddress, observer.faultAt);
    const marks = {
      ...this.marks,
      ...sentinelMarks(observer.events, this.oldAddress, observer.faultAt),
      firstWriteMs: gap.firstAfterMs,
    };
    const lost = await observer.countLost(end);
    const happened = moved && after !== null && after !== old.id;
    return {
      cluster: ctx.topology.name,
      fault: this.fault,
      ok: happened && missing.length === 0,
      before: old.id,
      after: happened ? after : null,
      epochBefore: before.epoch,
      epochAfter: end.epoch,
      marks,
      writes: { ...gap, acknowledged: observer.acknowledged.length, lost },
      missing,
      events: observer.events
        .filter((heard) => heard.at >= observer.faultAt)
        .map(({ at, sentinel, event }) => ({
          ms: tenths(at - observer.faultAt),
          sentinel,
          event: event.channel,
          message: event.raw,
        })),
    };
  }
}

/** Nodes that were not well before the test: their troubles are not the test's. */
function troubledNodes({ nodes, sentinels }: Snapshot): NodeId[] {
  return [
    ...nodes.filter((node) => node.state !== "up" || node.link === "down" || node.link === "sync"),
    ...sentinels.filter((sentinel) => !sentinel.up),
  ].map((each) => each.node);
}

function mentions(line: string, nodes: readonly NodeId[]): boolean {
  const words = new Set(line.split(/[\s:,]+/));
  return nodes.some((node) => words.has(node));
}
