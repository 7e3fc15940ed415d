import { setTimeout as delay } from "node:timers/promises";
import { connect, type ConnectOptions, type RedisConnection } from "../client.ts";
import { parseEvent, type SentinelEvent } from "../events.ts";
import { CHANNELS } from "./reaction.ts";

/** A Sentinel that restarts is back within a moment; one that is gone costs a refused connection a time: ms. */
const RETRY_MS = 250;

export interface Listener {
  onEvent: (event: SentinelEvent) => void;
  /** A Sentinel listens to us again after it did not: events may have been missed. */
  onBack: () => void;
}

/** One subscription to every Sentinel, made again whenever it ends, until `stop`. Keeps no process alive. */
export class Subscriptions {
  private readonly ending = new AbortController();
  private readonly open = new Set<RedisConnection>();

  constructor(
    sentinels: readonly ConnectOptions[],
    private readonly listener: Listener,
  ) {
    for (const options of sentinels) void this.keep(options);
  }

  stop(): void {
    this.ending.abort();
    for (const connection of this.open) connection.close();
    this.open.clear();
  }

  private async keep(options: ConnectOptions): Promise<void> {
    const { signal } = this.ending;
    for (let missed = false; !signal.aborted; missed = true) {
      try {
        await this.listen(options, missed);
      } catch {
        // Down, hung or refusing us: the other Sentinels tell us, and whoever asks them all says why.
      }
      if (!signal.aborted) await delay(RETRY_MS, undefined, { ref: false, signal }).catch(() => {});
    }
  }

  /** Resolves when the subscription has ended. */
  private async listen(options: ConnectOptions, missed: boolean): Promise<void> {
    const connection = await connect(options);
    this.open.add(connection);
    try {
      const ended = new Promise<void>((resolve) => connection.onClose(resolve));
      if (this.ending.signal.aborted) return;
      const told = (message: string, channel: string) => this.listener.onEvent(parseEvent(channel, message));
      await Promise.all(CHANNELS.map((channel) => connection.subscribe(channel, told)));
      if (missed) this.listener.onBack();
      await ended;
    } finally {
      this.open.delete(connection);
      connection.close();
    }
  }
}
