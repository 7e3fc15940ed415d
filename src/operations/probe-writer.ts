import type { Address } from "../cluster/snapshot.ts";
import { VedetteError } from "../errors.ts";
import type { RedisConnection } from "../redis/client.ts";
import type { Context } from "./context.ts";
import { MasterLink } from "./master-link.ts";

/** One write that a master acknowledged. */
export interface Acknowledged {
  number: number;
  /** Monotonic ms. */
  at: number;
  by: Address;
}

const PERIOD_MS = 10;
/** A write without an answer for so long is given up and counts as not acknowledged: ms. */
const WRITE_DEADLINE_MS = 250;
/** The keys go by themselves if nobody is left to delete them: s. */
const EXPIRY_S = 900;
/** Numbers per round trip when they are looked for or deleted. */
const BATCH = 500;

/**
 * A client that follows Sentinel and writes numbers, one after the other, remembering outside Redis which ones were
 * acknowledged. What is acknowledged and cannot be read later was lost.
 */
export class ProbeWriter {
  readonly acknowledged: Acknowledged[] = [];
  private sent = 0;
  private readonly link: MasterLink;

  constructor(
    private readonly ctx: Context,
    private readonly prefix: string,
    /** Where to look for the master, the most likely address first. */
    where: () => Address[],
  ) {
    this.link = new MasterLink(where, () => [ctx.password], WRITE_DEADLINE_MS, ctx.topology);
  }

  /** Writes until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock } = this.ctx;
    while (!signal.aborted) {
      const begun = clock.monotonic();
      await this.write();
      await clock.sleep(Math.max(1, PERIOD_MS - (clock.monotonic() - begun)), signal);
    }
    this.link.close();
  }

  /** A Sentinel has announced another master: leave the present one, as a Sentinel-aware client does. */
  leave(to: Address): void {
    this.link.leave(to);
  }

  /** The numbers that were acknowledged and are not there. */
  async lost(redis: RedisConnection): Promise<number[]> {
    const missing: number[] = [];
    for (const part of batches(this.acknowledged.map((each) => each.number))) {
      const values = await redis.call("MGET", ...part.map((number) => this.key(number)));
      if (!Array.isArray(values)) throw new VedetteError("reading the test's writes back: MGET gave no list");
      missing.push(...part.filter((number, at) => values[at] !== String(number)));
    }
    return missing;
  }

  /** Deletes everything that was ever sent, acknowledged or not. */
  async clean(redis: RedisConnection): Promise<void> {
    const numbers = Array.from({ length: this.sent }, (_, at) => at + 1);
    for (const part of batches(numbers))
      await redis.call("UNLINK", ...part.map((number) => this.key(number)));
  }

  private async write(): Promise<void> {
    try {
      const redis = await this.link.open();
      if (redis === null) return;
      this.sent += 1;
      const number = this.sent;
      await redis.callWithin(WRITE_DEADLINE_MS, "SET", this.key(number), String(number), "EX", EXPIRY_S);
      const by = { host: redis.host, port: redis.port };
      this.acknowledged.push({ number, at: this.ctx.clock.monotonic(), by });
    } catch {
      // Whatever it was (closed, silent, READONLY, NOREPLICAS): ask anew who is master.
      this.link.close();
    }
  }

  private key(number: number): string {
    return `${this.prefix}${number}`;
  }
}

export function batches(numbers: readonly number[]): number[][] {
  const count = Math.ceil(numbers.length / BATCH);
  return Array.from({ length: count }, (_, at) => numbers.slice(at * BATCH, (at + 1) * BATCH));
}
