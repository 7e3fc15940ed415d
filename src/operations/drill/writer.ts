import type { Address } from "../../cluster/snapshot.ts";
import { explain, VedetteError } from "../../errors.ts";
import type { RedisConnection } from "../../redis/client.ts";
import { RedisError } from "../../redis/redis-error.ts";
import type { Context } from "../context.ts";
import { MasterLink } from "../master-link.ts";
import { batches, type Acknowledged } from "../probe-writer.ts";

/** A write that was not acknowledged: what its client was told. */
export interface Failed {
  /** Monotonic ms. */
  at: number;
  /** `READONLY`, `NOREPLICAS`, `timeout`, `refused`, `no master`, `unconfirmed`, … */
  reason: string;
}

/** Acknowledged numbers that a node does not hold, and numbers that it holds more than once. */
export interface Count {
  missing: number[];
  twice: number[];
}

const PERIOD_MS = 10;
/** A write without an answer for so long is given up: ms. */
const WRITE_DEADLINE_MS = 250;
/** The key goes by itself if nobody is left to delete it: s. */
const EXPIRY_S = 900;
/** Its expiry is set again every so many writes, should the first ones have been lost. */
const EXPIRE_EVERY = 50;

/**
 * A client that follows Sentinel and counts numbers up in a hash, one after the other, trying each until it is
 * acknowledged, as clients do. It remembers outside Redis which ones were: what was acknowledged and is not there
 * is lost, and what is there more than once was applied although its client was told otherwise.
 */
export class DrillWriter {
  readonly acknowledged: Acknowledged[] = [];
  readonly failed: Failed[] = [];
  private next = 1;
  private readonly link: MasterLink;

  constructor(
    private readonly ctx: Context,
    readonly key: string,
    where: () => Address[],
    passwords: () => readonly (string | null)[],
    /** So many replicas must have confirmed a write (WAIT) before it counts as acknowledged; 0 for none. */
    private readonly confirmBy: number,
  ) {
    this.link = new MasterLink(where, passwords, WRITE_DEADLINE_MS, ctx.topology);
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

  leave(to: Address): void {
    this.link.leave(to);
  }

  /** Compares a node with what was acknowledged. */
  async countOn(redis: RedisConnection): Promise<Count> {
    const count: Count = { missing: [], twice: [] };
    for (const part of batches(this.acknowledged.map((each) => each.number))) {
      const values = await redis.call("HMGET", this.key, ...part.map(String));
      if (!Array.isArray(values))
        throw new VedetteError("reading the drill's writes back: HMGET gave no list");
      part.forEach((number, at) => {
        const times = Number(values[at] ?? 0);
        if (times === 0) count.missing.push(number);
        else if (times > 1) count.twice.push(number);
      });
    }
    return count;
  }

  private async write(): Promise<void> {
    const number = this.next;
    try {
      const redis = await this.link.open();
      if (redis === null) return this.fail("no master");
      await this.send(redis, number);
      if (this.confirmBy > 0 && !(await this.confirmed(redis))) return this.fail("unconfirmed");
      const by = { host: redis.host, port: redis.port };
      this.acknowledged.push({ number, at: this.ctx.clock.monotonic(), by });
      this.next += 1;
    } catch (error) {
      // Whatever it was (closed, silent, READONLY, NOREPLICAS): ask anew who is master.
      this.link.close();
      this.fail(reasonOf(error));
    }
  }

  private async send(redis: RedisConnection, number: number): Promise<void> {
    const write = ["HINCRBY", this.key, String(number), "1"] as const;
    const expire = ["EXPIRE", this.key, EXPIRY_S] as const;
    const commands = number % EXPIRE_EVERY === 1 ? [write, expire] : [write];
    const [reply] = await redis.callAll(commands, WRITE_DEADLINE_MS);
    if (reply instanceof Error) throw reply;
  }

  private async confirmed(redis: RedisConnection): Promise<boolean> {
    const patience = WRITE_DEADLINE_MS;
    return Number(await redis.callWithin(2 * patience, "WAIT", this.confirmBy, patience)) >= this.confirmBy;
  }

  private fail(reason: string): void {
    this.failed.push({ at: this.ctx.clock.monotonic(), reason });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof RedisError) return error.reply ?? error.kind;
  return explain(error);
}
