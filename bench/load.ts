import { systemClock } from "../src/clock.ts";
import { connect } from "../src/redis/client.ts";

/** One write a slot, whatever became of those before it: as an application whose requests do not wait for each other. */
const EVERY_MS = 5;
const AUDIT_BATCH = 500;

/** Writes one unique key; true when it counts as written. Rejects when it is known to have failed. */
export type Write = (key: string, value: number) => Promise<boolean>;

/** Unique writes at a steady pace. What was acknowledged is remembered outside of Redis. */
export class Load {
  readonly acknowledged: string[] = [];
  /** Writes that failed or are unknown. */
  errors = 0;
  private gapMs = 0;
  private lastMs = performance.now();
  private readonly stopping = new AbortController();
  private readonly loop: Promise<void>;

  constructor(
    readonly name: string,
    private readonly write: Write,
  ) {
    this.loop = this.run();
  }

  /** Forgets the gaps so far. */
  mark(): void {
    this.gapMs = 0;
    this.lastMs = performance.now();
  }

  /** The longest time without an acknowledgement since `mark`, the present one included: ms. */
  longestGap(): number {
    return Math.max(this.gapMs, performance.now() - this.lastMs);
  }

  quietFor(): number {
    return performance.now() - this.lastMs;
  }

  /** Ends the writing. Writes that still wait for their answer are left to it. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.loop;
  }

  /** Acknowledged writes that the node at this port does not have. */
  async lostAt(port: number): Promise<number> {
    const redis = await connect({ host: "127.0.0.1", port, deadlineMs: 10_000 });
    try {
      let lost = 0;
      for (let at = 0; at < this.acknowledged.length; at += AUDIT_BATCH) {
        const keys = this.acknowledged.slice(at, at + AUDIT_BATCH);
        const values = await redis.call("MGET", ...keys);
        if (!Array.isArray(values)) throw new Error(`MGET answered ${String(values)}`);
        lost += values.filter((value) => value === null).length;
      }
      return lost;
    } finally {
      redis.close();
    }
  }

  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let n = 0; !signal.aborted; n++) {
      void this.one(`${this.name}:${n}`, n);
      await systemClock.sleep(EVERY_MS, signal);
    }
  }

  private async one(key: string, value: number): Promise<void> {
    try {
      const written = await this.write(key, value);
      if (this.stopping.signal.aborted) return;
      if (!written) {
        this.errors++;
        return;
      }
      const now = performance.now();
      this.gapMs = Math.max(this.gapMs, now - this.lastMs);
      this.lastMs = now;
      this.acknowledged.push(key);
    } catch {
      if (!this.stopping.signal.aborted) this.errors++;
    }
  }
}
