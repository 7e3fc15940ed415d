import type { SentinelEvent } from "../redis/events.ts";
import { RedisError } from "../redis/redis-error.ts";
import type { NodeId, SentinelNode } from "../topology/model.ts";
import { ofSentinelLog, type ClusterEvent } from "./cluster-event.ts";
import type { Context } from "./context.ts";
import { readLines } from "./failover-logs.ts";
import { SENTINEL_LINE } from "./sentinel-stories.ts";
import { isAboutUs, listen } from "./sentinel-watch.ts";

const RETRY_MS = 250;

/**
 * Listens to one Sentinel, again and again: a restart ends a subscription. What it said while nobody listened is read
 * from its log, so nothing is missing and nothing is told twice.
 */
export class SentinelEar {
  private readonly sentinel: NodeId;
  private lost = false;

  constructor(
    private readonly ctx: Context,
    private readonly node: SentinelNode,
    /** Since when nobody listens: wall clock ms. */
    private deafSince: number,
    private readonly tell: (event: ClusterEvent) => void,
  ) {
    this.sentinel = node.id;
  }

  /** Until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.listenOnce(signal);
      } catch (error) {
        if (!(error instanceof RedisError)) throw error;
        this.lose(error.message);
        await this.ctx.clock.sleep(RETRY_MS, signal);
      }
    }
  }

  private async listenOnce(signal: AbortSignal): Promise<void> {
    const { ctx, sentinel, node } = this;
    /** What came between the subscription and the end of the look at the log: it may be in both. */
    let seam: Set<string> | null = new Set();
    const redis = await listen(ctx, node, ({ event }) => {
      seam?.add(key(event));
      if (isAboutUs(ctx.topology, event))
        this.tell({ time: ctx.clock.now(), kind: "sentinel", sentinel, event });
    });
    try {
      const since = this.deafSince;
      const listening = ctx.clock.now();
      if (this.lost) this.tell({ time: listening, kind: "back", sentinel });
      this.lost = false;
      for (const missed of await this.missed(since, listening))
        if (missed.kind === "sentinel" && !seam.has(key(missed.event))) this.tell(missed);
      seam = null;
      await endOf(redis, signal);
    } finally {
      redis.close();
    }
    if (signal.aborted) return;
    this.deafSince = ctx.clock.now();
    this.lose("the connection was closed");
  }

  private async missed(since: number, until: number): Promise<ClusterEvent[]> {
    const lines = await readLines(this.ctx, [this.sentinel], SENTINEL_LINE, since);
    return lines
      .flatMap((line) => ofSentinelLog(this.ctx.topology, line))
      .filter(({ time }) => time >= since && time <= until);
  }

  private lose(reason: string): void {
    const { ctx, sentinel } = this;
    if (!this.lost) this.tell({ time: ctx.clock.now(), kind: "lost", sentinel, reason });
    this.lost = true;
  }
}

function key({ channel, raw }: SentinelEvent): string {
  return `${channel} ${raw}`;
}

function endOf(redis: { onClose(callback: () => void): void }, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    redis.onClose(resolve);
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
