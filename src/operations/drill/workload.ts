import { setMaxListeners } from "node:events";
import { until } from "../../clock.ts";
import type { Address } from "../../cluster/snapshot.ts";
import { explain } from "../../errors.ts";
import type { RedisConnection } from "../../redis/client.ts";
import type { NodeId, RedisNode, Topology } from "../../topology/model.ts";
import { look, requireNode, withNode, type Context } from "../context.ts";
import type { Acknowledged } from "../probe-writer.ts";
import { StaleReader, type Read, type Sought } from "./reader.ts";
import { DrillWriter, type Failed } from "./writer.ts";

/** How many clients write at one time. */
export const WRITERS = 4;

/** Reading and deleting some thousand numbers, a batch at a time: ms a batch. */
const BATCH_DEADLINE_MS = 5_000;

/** A master that has just come back refuses writes for a moment: ms. */
const CLEAN_DEADLINE_MS = 20_000;
const RECENT = 200;

/** An acknowledged write and the key that it is in. */
type Written = Acknowledged & { key: string };

/** Clients that write through the Sentinels and clients that read from every node, and what they were told. */
export class Workload {
  private readonly writing = new AbortController();
  private readonly writers: DrillWriter[];
  private readonly readers: StaleReader[];
  private loops: Promise<void>[] = [];

  constructor(
    private readonly ctx: Context,
    /** Keys begin with this; `lane` is left for the lanes. */
    private readonly prefix: string,
    where: () => Address[],
    passwords: () => readonly (string | null)[],
    readonly confirmBy: number,
  ) {
    this.writers = Array.from(
      { length: WRITERS },
      (_, i) => new DrillWriter(ctx, `${prefix}writer-${i + 1}`, where, passwords, confirmBy),
    );
    this.readers = ctx.topology.redis.nodes.map((node) => new StaleReader(ctx, node, () => this.newest()));
  }

  /** The key that a node which says it is master is made to prove it with. */
  get laneKey(): string {
    return `${this.prefix}lane`;
  }

  start(): void {
    const { signal } = this.writing;
    setMaxListeners(0, signal);
    this.loops = [...this.writers, ...this.readers].map((each) => each.run(signal));
  }

  async stop(): Promise<void> {
    this.writing.abort();
    await Promise.all(this.loops);
  }

  /** A Sentinel has announced another master. */
  leave(to: Address): void {
    for (const writer of this.writers) writer.leave(to);
  }

  get acknowledged(): number {
    return this.writers.reduce((sum, writer) => sum + writer.acknowledged.length, 0);
  }

  /** Every writer has had this many writes acknowledged. */
  isWarm(each: number): boolean {
    return this.writers.every((writer) => writer.acknowledged.length >= each);
  }

  lastAcknowledged(): Acknowledged | null {
    const last = this.writers.map((writer) => writer.acknowledged.at(-1) ?? null);
    return last.reduce((newest, each) => ((each?.at ?? 0) > (newest?.at ?? 0) ? each : newest), null);
  }

  firstAcknowledgedAfter(at: number): Acknowledged | null {
    const next = this.writers.map(
      (writer) => writer.acknowledged.slice(-RECENT).find((each) => each.at > at) ?? null,
    );
    return next.reduce(
      (first, each) => ((each?.at ?? Infinity) < (first?.at ?? Infinity) ? each : first),
      null,
    );
  }

  /** Of each writer the last writes only: for conditions that are asked again and again. */
  recent(): Acknowledged[] {
    return this.writers
      .flatMap((writer) => writer.acknowledged.slice(-RECENT))
      .toSorted((a, b) => a.at - b.at);
  }

  all(): Written[] {
    return this.writers.flatMap((writer) =>
      writer.acknowledged.map((each) => ({ ...each, key: writer.key })),
    );
  }

  failed(): Failed[] {
    return this.writers.flatMap((writer) => writer.failed);
  }

  reads(): { reads: Read[]; unanswered: number } {
    return {
      reads: this.readers.flatMap((reader) => reader.reads),
      unanswered: this.readers.reduce((sum, reader) => sum + reader.unanswered, 0),
    };
  }

  /** What one node lacks, and holds twice; null when it could not be asked. */
  async countOn(id: NodeId): Promise<{ missing: Written[]; twice: number } | null> {
    try {
      return await this.onNode(id, async (redis) => {
        const missing: Written[] = [];
        let twice = 0;
        for (const writer of this.writers) {
          const count = await writer.countOn(redis);
          const gone = new Set(count.missing);
          const lost = writer.acknowledged.filter((each) => gone.has(each.number));
          missing.push(...lost.map((each) => ({ ...each, key: writer.key })));
          twice += count.twice.length;
        }
        return { missing, twice };
      });
    } catch (error) {
      this.ctx.report(`the drill's writes could not be read back from ${id}: ${explain(error)}`);
      return null;
    }
  }

  /** Deletes the drill's keys. What cannot be deleted now expires by itself. */
  async clean(): Promise<void> {
    let why = "no master is named";
    const keys = [...this.writers.map((writer) => writer.key), this.laneKey];
    const unlink = async () => {
      try {
        const master = (await look(this.ctx)).master?.node ?? null;
        if (master === null) return false;
        await this.onNode(master, (redis) => redis.call("UNLINK", ...keys));
        return true;
      } catch (error) {
        why = explain(error);
        return false;
      }
    };
    if (await until(unlink, { deadlineMs: CLEAN_DEADLINE_MS, clock: this.ctx.clock })) return;
    this.ctx.report(`the drill's keys could not be deleted and go within 15 minutes: ${why}`);
  }

  private async onNode<T>(id: NodeId, use: (redis: RedisConnection) => Promise<T>): Promise<T> {
    return withNode(this.ctx, requireNode(this.ctx.topology, id), use, BATCH_DEADLINE_MS);
  }

  private newest(): Sought | null {
    let newest: Sought | null = null;
    for (const { key, acknowledged } of this.writers) {
      const last = acknowledged.at(-1);
      if (last !== undefined && last.at > (newest?.at ?? 0))
        newest = { key, number: last.number, at: last.at };
    }
    return newest;
  }
}

/** When the last write before the fault must have been made to be on the disk by then: ms before it. */
export function diskDelayMs(topology: Topology): number {
  const delays = topology.redis.nodes.map((node) => delayOf(node));
  return Math.max(...delays);
}

/** A background fsync may postpone a write by two seconds (flushAppendOnlyFile). */
function delayOf(node: RedisNode): number {
  const policy = node.directives.find((each) => each.name === "appendfsync")?.args[0]?.toLowerCase();
  if (!node.appendOnly || policy === "no") return Infinity;
  return policy === "always" ? 0 : 2_000;
}
