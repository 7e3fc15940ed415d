import type { Snapshot } from "../cluster/snapshot.ts";
import { explain } from "../errors.ts";
import type { RedisConnection } from "../redis/client.ts";
import { Compass } from "./compass.ts";
import { look, requireNode, withNode, type Context } from "./context.ts";
import { tenths } from "./failover-marks.ts";
import { ProbeWriter, type Acknowledged } from "./probe-writer.ts";
import { isAboutUs, watchSentinels, type HeardEvent } from "./sentinel-watch.ts";

/** Reading and deleting some thousand keys, a batch at a time: ms a batch. */
const BATCH_DEADLINE_MS = 5_000;

/** Everything that watches a failover: the Sentinels' events, where they send clients, and a client that writes. */
export class FailoverObserver {
  readonly events: HeardEvent[] = [];
  /** Monotonic ms; set by whoever causes the fault, right before it. */
  faultAt = Infinity;
  private readonly watching = new AbortController();
  private readonly writing = new AbortController();
  private loops: Promise<void>[] = [];
  private stopListening: () => void = () => {};

  private constructor(
    private readonly ctx: Context,
    readonly compass: Compass,
    private readonly writer: ProbeWriter,
  ) {}

  static async begin(
    ctx: Context,
    prefix: string,
    onEvent: (heard: HeardEvent, ms: number) => void,
  ): Promise<FailoverObserver> {
    const compass = new Compass(ctx);
    const observer = new FailoverObserver(
      ctx,
      compass,
      new ProbeWriter(ctx, prefix, () => compass.candidates()),
    );
    observer.stopListening = await watchSentinels(ctx, (heard) => observer.hear(heard, onEvent));
    observer.loops = [compass.run(observer.watching.signal), observer.writer.run(observer.writing.signal)];
    return observer;
  }

  get acknowledged(): readonly Acknowledged[] {
    return this.writer.acknowledged;
  }

  sinceFault(): number {
    return tenths(this.ctx.clock.monotonic() - this.faultAt);
  }

  async stopWriting(): Promise<void> {
    this.writing.abort();
    await this.loops[1];
  }

  /** How many acknowledged writes the named master does not have; null when it cannot be asked. */
  async countLost(snapshot: Snapshot): Promise<number | null> {
    try {
      const lost = await this.onMaster(snapshot, (redis) => this.writer.lost(redis));
      return lost?.length ?? null;
    } catch (error) {
      this.ctx.report(`the test's writes could not be read back: ${explain(error)}`);
      return null;
    }
  }

  /** Ends everything and deletes the test's keys. What cannot be deleted now expires by itself. */
  async end(): Promise<void> {
    await this.stopWriting();
    this.watching.abort();
    this.stopListening();
    await Promise.all(this.loops);
    try {
      await this.onMaster(await look(this.ctx), (redis) => this.writer.clean(redis));
    } catch (error) {
      this.ctx.report(`the test's keys could not be deleted and go within 15 minutes: ${explain(error)}`);
    }
  }

  private async onMaster<T>(
    snapshot: Snapshot,
    use: (redis: RedisConnection) => Promise<T>,
  ): Promise<T | null> {
    const id = snapshot.master?.node ?? null;
    return id === null
      ? null
      : withNode(this.ctx, requireNode(this.ctx.topology, id), use, BATCH_DEADLINE_MS);
  }

  private hear(heard: HeardEvent, onEvent: (heard: HeardEvent, ms: number) => void): void {
    const { event } = heard;
    if (!isAboutUs(this.ctx.topology, event)) return;
    this.events.push(heard);
    if (event.kind === "switch-master") {
      this.compass.note(heard.sentinel, event.to);
      this.writer.leave(event.to);
    }
    if (heard.at >= this.faultAt) onEvent(heard, tenths(heard.at - this.faultAt));
  }
}
