import type { RedisConnection } from "../redis/client.ts";
import type { Context } from "../operations/context.ts";
import { listen, type HeardEvent } from "../operations/sentinel-watch.ts";
import type { NodeId, SentinelNode } from "../topology/model.ts";

/** Listens to every Sentinel's events for as long as the steward runs, also after their restarts. */
export class SentinelEars {
  private readonly open = new Map<NodeId, RedisConnection>();
  private readonly opening = new Set<NodeId>();
  private closed = false;

  constructor(
    private readonly ctx: Context,
    private readonly onEvent: (heard: HeardEvent) => void,
    /** What a Sentinel tells from now on does not continue what it told before. */
    private readonly onSilence: (sentinel: NodeId) => void,
  ) {}

  /** Listens to those that are not listened to yet. Never throws; one that is dead is tried again at the next call. */
  async listen(): Promise<void> {
    await Promise.all(this.ctx.topology.sentinel.nodes.map((node) => this.listenTo(node)));
  }

  close(): void {
    this.closed = true;
    for (const redis of this.open.values()) redis.close();
  }

  private async listenTo(node: SentinelNode): Promise<void> {
    if (this.closed || this.open.has(node.id) || this.opening.has(node.id)) return;
    this.opening.add(node.id);
    try {
      const redis = await listen(this.ctx, node, this.onEvent);
      this.open.set(node.id, redis);
      redis.onClose(() => {
        this.open.delete(node.id);
        this.onSilence(node.id);
      });
      if (this.closed) redis.close();
    } catch {
      // It is down or hangs, which `status` tells.
    } finally {
      this.opening.delete(node.id);
    }
  }
}
