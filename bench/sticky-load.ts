import { setTimeout as delay } from "node:timers/promises";
import { connect, type RedisConnection } from "../src/redis/client.ts";
import { parseAddress } from "../src/redis/sentinel-replies.ts";
import type { Topology } from "../src/topology/model.ts";

/** Between two writes of one client: ms. */
const PERIOD_MS = 2;
const DEADLINE_MS = 5_000;
const BATCH = 1_000;

/** Clients that ask the Sentinels once, write to whom they were sent, and ask again only when they are refused. */
export class StickyLoad {
  /** Keys of acknowledged writes. */
  readonly acknowledged: string[] = [];
  errors = 0;
  /** When each write was acknowledged: monotonic ms. */
  private readonly at: number[] = [];
  private ending = false;
  private loops: Promise<void>[] = [];

  constructor(
    private readonly topology: Topology,
    private readonly prefix: string,
  ) {}

  start(clients: number): this {
    this.loops = Array.from({ length: clients }, (_, i) => this.write(`${this.prefix}${i}:`));
    return this;
  }

  async end(): Promise<void> {
    this.ending = true;
    await Promise.all(this.loops);
  }

  /** The longest time without an acknowledged write since `from`: ms. */
  longestGap(from: number): number {
    const times = [from, ...this.at.filter((at) => at >= from)];
    return Math.max(...times.slice(1).map((at, i) => at - (times[i] ?? at)));
  }

  /** Acknowledged writes that the master which the Sentinels name does not have. */
  async lost(): Promise<number> {
    const redis = await this.master();
    try {
      let lost = 0;
      for (let i = 0; i < this.acknowledged.length; i += BATCH) {
        const keys = this.acknowledged.slice(i, i + BATCH);
        const found = Number(await redis.call("EXISTS", ...keys));
        lost += keys.length - found;
      }
      return lost;
    } finally {
      redis.close();
    }
  }

  private async write(prefix: string): Promise<void> {
    let redis: RedisConnection | null = null;
    for (let number = 0; !this.ending; number++) {
      try {
        redis ??= await this.master();
        await redis.call("SET", `${prefix}${number}`, "x");
        this.acknowledged.push(`${prefix}${number}`);
        this.at.push(performance.now());
      } catch {
        this.errors += 1;
        redis?.close();
        redis = null;
      }
      await delay(PERIOD_MS); // allow-sleep: the pace of the load
    }
    redis?.close();
  }

  private async master(): Promise<RedisConnection> {
    for (const { host, port } of this.topology.sentinel.nodes) {
      const sentinel = await connect({ host, port, deadlineMs: DEADLINE_MS });
      const reply = await sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.topology.name);
      sentinel.close();
      const address = parseAddress(reply);
      if (address !== null) return connect({ ...address, deadlineMs: DEADLINE_MS });
    }
    throw new Error("no Sentinel names a master");
  }
}
