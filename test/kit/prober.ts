import { setTimeout as delay } from "node:timers/promises";
import { connect, type RedisConnection } from "../../src/redis/client.ts";
import type { NodeId } from "../../src/topology/model.ts";
import type { LiveCluster } from "./live-cluster.ts";

/** Tries to write on every node every few milliseconds, from its first accepted connection on. */
export class Prober {
  /** Writes that a node took, in the order of the replies. */
  readonly taken: { node: NodeId; at: number }[] = [];
  /** How often each node refused with READONLY or NOREPLICAS: shows that it was probed at all. */
  readonly refused = new Map<NodeId, number>();
  private stopping = false;
  private readonly loops: Promise<void>[] = [];

  constructor(private readonly cluster: LiveCluster) {}

  start(nodes: NodeId[] = this.cluster.redis()): this {
    for (const node of nodes) this.loops.push(this.probe(node));
    return this;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await Promise.all(this.loops);
  }

  /**
   * Nodes that took a write after another node had begun to take writes: with one master at a time there is none.
   */
  secondMasters(): NodeId[] {
    const since = new Map<NodeId, number>();
    const second = new Set<NodeId>();
    for (const { node, at } of this.taken) {
      const later = [...since].some(
        ([other, begun]) => other !== node && begun > (since.get(node) ?? Infinity) && at > begun,
      );
      if (later) second.add(node);
      if (!since.has(node)) since.set(node, at);
    }
    return [...second];
  }

  private async probe(node: NodeId): Promise<void> {
    let redis: RedisConnection | null = null;
    while (!this.stopping) {
      try {
        redis ??= await this.connectTo(node);
        const reply = await redis.callAll([["SET", `probe:${node}`, "x"]], 500);
        if (reply[0] === "OK") this.taken.push({ node, at: performance.now() });
        else this.refused.set(node, (this.refused.get(node) ?? 0) + 1);
      } catch {
        redis?.close();
        redis = null;
      }
      await delay(3);
    }
    redis?.close();
  }

  private connectTo(id: NodeId): Promise<RedisConnection> {
    const node = this.cluster.topology.redis.nodes.find((each) => each.id === id);
    if (node === undefined) throw new Error(`no node ${id}`);
    return connect({ host: node.host, port: node.port, deadlineMs: 500 });
  }
}
