import { setMaxListeners } from "node:events";
import { nameAt } from "../../cluster/view.ts";
import type { Address } from "../../cluster/snapshot.ts";
import type { NodeId } from "../../topology/model.ts";
import { Compass } from "../compass.ts";
import type { Context } from "../context.ts";
import { tenths } from "../failover-marks.ts";
import type { HeardEvent } from "../sentinel-watch.ts";
import { keepListening } from "./ears.ts";
import type { Switched } from "./figures.ts";
import { Lane } from "./lanes.ts";
import type { Accepted, DrillEvent } from "./record.ts";
import { Workload } from "./workload.ts";

/** Without an acknowledged write for so long clients notice: ms. */
const OUTAGE_MS = 200;
const NOTICE_MS = 20;

/** Everything that watches a run: clients, the Sentinels' events, and what every node is from moment to moment. */
export class Stage {
  readonly compass: Compass;
  readonly workload: Workload;
  readonly lanes: Lane[];
  readonly heard: HeardEvent[] = [];
  readonly events: { at: number; event: Omit<DrillEvent, "ms"> }[] = [];
  /** Monotonic ms of the first fault: where the timeline counts from. */
  zeroAt = Infinity;
  private readonly watching = new AbortController();
  private loops: Promise<void>[] = [];

  constructor(
    private readonly ctx: Context,
    prefix: string,
    confirmBy: number,
    passwords: () => readonly (string | null)[],
    private readonly onEvent: (event: DrillEvent) => void,
  ) {
    this.compass = new Compass(ctx);
    this.workload = new Workload(ctx, prefix, () => this.compass.candidates(), passwords, confirmBy);
    const { redis, sentinel } = ctx.topology;
    this.lanes = [...redis.nodes, ...sentinel.nodes].map(
      (node) =>
        new Lane(ctx, node, this.workload.laneKey, (id, state, at) =>
          this.tell({ node: id, kind: "state", text: state, channel: null }, at),
        ),
    );
  }

  start(): void {
    const { signal } = this.watching;
    // One listener a loop, which is no leak.
    setMaxListeners(0, signal);
    const listening = this.ctx.topology.sentinel.nodes.map((node) =>
      keepListening(this.ctx, node, (heard) => this.hear(heard), signal),
    );
    const lanes = this.lanes.map((lane) => lane.run(signal));
    this.workload.start();
    this.loops = [this.compass.run(signal), ...listening, ...lanes, this.noticeOutages(signal)];
  }

  async end(): Promise<void> {
    await this.workload.stop();
    this.watching.abort();
    await Promise.all(this.loops);
  }

  get accepted(): Accepted[] {
    return this.lanes.flatMap((lane) => lane.accepted);
  }

  /** The nodes that Sentinels announced as master, and when. */
  get switches(): Switched[] {
    return this.heard.flatMap(({ sentinel, at, event }) =>
      event.kind === "switch-master" && at >= this.zeroAt
        ? [{ sentinel, at, to: this.nameOf(event.to) }]
        : [],
    );
  }

  /** Monotonic ms at which the first fault was taken back; Infinity before. */
  get healedAt(): number {
    return Math.min(...this.events.filter(({ event }) => event.kind === "heal").map(({ at }) => at));
  }

  /** Puts a line on the timeline, and tells it at once when the fault has been made. */
  tell(event: Omit<DrillEvent, "ms">, at = this.ctx.clock.monotonic()): void {
    this.events.push({ at, event });
    if (at >= this.zeroAt) this.onEvent({ ms: this.ms(at), ...event });
  }

  ms(at: number): number {
    return tenths(at - this.zeroAt);
  }

  /** Tells when writes stop being acknowledged, and when they go on. */
  private async noticeOutages(signal: AbortSignal): Promise<void> {
    let since: number | null = null;
    while (!signal.aborted) {
      const last = this.workload.lastAcknowledged();
      const now = this.ctx.clock.monotonic();
      if (last !== null && since === null && now - last.at > OUTAGE_MS) {
        since = last.at;
        this.tell(
          { node: null, kind: "client", text: "no write is acknowledged from here on", channel: null },
          since,
        );
      } else if (last !== null && since !== null && last.at > since) {
        const first = this.workload.firstAcknowledgedAfter(since) ?? last;
        const text = `writes are acknowledged again, after ${Math.round(first.at - since)} ms`;
        this.tell({ node: this.nameOf(first.by), kind: "client", text, channel: null }, first.at);
        since = null;
      }
      await this.ctx.clock.sleep(NOTICE_MS, signal);
    }
  }

  private hear(heard: HeardEvent): void {
    const { event, sentinel } = heard;
    if (!this.isOurs(event)) return;
    this.heard.push(heard);
    if (event.kind === "switch-master") {
      this.compass.note(sentinel, event.to);
      this.workload.leave(event.to);
    }
    this.tell({ node: sentinel, kind: "sentinel", text: event.raw, channel: event.channel }, heard.at);
  }

  /** A Sentinel may watch other masters, too. */
  private isOurs(event: HeardEvent["event"]): boolean {
    const { name } = this.ctx.topology;
    if (event.kind === "switch-master") return event.name === name;
    return event.kind !== "instance" || event.master.name === name;
  }

  private nameOf(address: Address): NodeId {
    return nameAt(this.ctx.topology, address);
  }
}
