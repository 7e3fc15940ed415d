import { InOrder, ofHistory, ofSentinelLog, type ClusterEvent } from "./cluster-event.ts";
import type { Context } from "./context.ts";
import { readLines } from "./failover-logs.ts";
import { historyFile, historyFiles } from "./history.ts";
import { LogReader } from "./log-reader.ts";
import { SentinelEar } from "./sentinel-ear.ts";
import { SENTINEL_LINE } from "./sentinel-stories.ts";

const LOOK_EVERY_MS = 250;
const FLUSH_EVERY_MS = 50;
/** The history is looked at less often than the Sentinels speak: what is this old can be put into order. */
const HOLD_BACK_MS = 400;

/** Everything that happens to one cluster: what each Sentinel says, and what the history gets. */
export class EventStream {
  private readonly history: LogReader;
  /** What Sentinels say from then on is told by `follow`; what they said before, by `last`: wall clock ms. */
  private readonly begun: number;

  constructor(private readonly ctx: Context) {
    const file = historyFile(ctx.topology);
    this.history = new LogReader("history", async () => historyFiles(file));
    this.begun = ctx.clock.now();
  }

  /**
   * The last `count` events until now that are wanted, oldest first. To be called once, before `follow`; `wanted` is
   * asked of each in the order of time.
   */
  async last(count: number, wanted: (event: ClusterEvent) => boolean): Promise<ClusterEvent[]> {
    const { topology } = this.ctx;
    const told = (await this.history.tail(count)).flatMap(ofHistory);
    const sentinels = topology.sentinel.nodes.map(({ id }) => id);
    const said = (await readLines(this.ctx, sentinels, SENTINEL_LINE)).flatMap((line) =>
      ofSentinelLog(topology, line),
    );
    const before = said.filter(({ time }) => time < this.begun);
    return [...told, ...before]
      .sort((a, b) => a.time - b.time)
      .filter(wanted)
      .slice(-count);
  }

  /** Hands on what happens, in the order of time, until `signal` aborts. */
  async follow(signal: AbortSignal, use: (event: ClusterEvent) => void): Promise<void> {
    const { clock, topology } = this.ctx;
    const order = new InOrder(HOLD_BACK_MS);
    const tell = (event: ClusterEvent) => order.add(event);
    const sources = Promise.all([
      this.followHistory(signal, tell),
      ...topology.sentinel.nodes.map((node) => new SentinelEar(this.ctx, node, this.begun, tell).run(signal)),
    ]);
    const flush = async () => {
      while (!signal.aborted) {
        for (const event of order.ripe(clock.now())) use(event);
        await clock.sleep(FLUSH_EVERY_MS, signal);
      }
    };
    await Promise.all([sources, flush()]);
    for (const event of order.ripe(Infinity)) use(event);
  }

  private async followHistory(signal: AbortSignal, tell: (event: ClusterEvent) => void): Promise<void> {
    const look = async () => (await this.history.fresh()).flatMap(ofHistory).forEach(tell);
    while (!signal.aborted) {
      await look();
      await this.ctx.clock.sleep(LOOK_EVERY_MS, signal);
    }
    await look();
  }
}
