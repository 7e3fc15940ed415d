import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../src/clock.ts";
import { connect, type RedisConnection } from "../../src/redis/client.ts";
import type { LiveCluster } from "./live-cluster.ts";

/**
 * A client that follows Sentinel and writes unique numbers, remembering outside Redis what was acknowledged.
 *
 * A write is *confirmed* when WAIT said that every replica of a whole cluster has it: such a write may never be lost.
 */
export class Writer {
  readonly acknowledged: number[] = [];
  readonly confirmed: number[] = [];
  private next = 0;
  private stopping = false;
  private loop: Promise<void> | null = null;

  constructor(
    private readonly cluster: LiveCluster,
    private readonly prefix = "w:",
  ) {}

  start(): this {
    this.loop = this.run();
    return this;
  }

  async stop(): Promise<void> {
    this.stopping = true;
    await this.loop;
  }

  /** Resolves once a write that began after this call was acknowledged. */
  async wroteAgain(deadlineMs = 30_000): Promise<void> {
    const from = this.acknowledged.length;
    const end = Date.now() + deadlineMs;
    while (this.acknowledged.length <= from + 1) {
      if (Date.now() > end)
        throw new Error(`no write was acknowledged for ${deadlineMs} ms\n${this.cluster.logs()}`);
      await delay(10);
    }
  }

  /** Waits until no write is acknowledged any more, that is, for longer than one takes. */
  async stalled(deadlineMs = 20_000): Promise<void> {
    let before = -1;
    const same = async () => {
      const now = this.acknowledged.length;
      const stalled = now === before;
      before = now;
      return stalled;
    };
    if ((await until(same, { deadlineMs, everyMs: 200 })) === null)
      throw new Error(`writes were acknowledged for ${deadlineMs} ms`);
  }

  /** Numbers that were confirmed (or, with `all`, acknowledged) and are not on the node that is master now. */
  async lost(all = false): Promise<number[]> {
    const expected = all ? this.acknowledged : this.confirmed;
    const master = await this.cluster.master();
    const missing: number[] = [];
    for (let i = 0; i < expected.length; i += 500) {
      const part = expected.slice(i, i + 500);
      const values = (await this.cluster.call(
        master,
        "MGET",
        ...part.map((n) => this.prefix + n),
      )) as unknown[];
      part.forEach((n, j) => values[j] === String(n) || missing.push(n));
    }
    return missing;
  }

  private async run(): Promise<void> {
    let redis: RedisConnection | null = null;
    while (!this.stopping) {
      try {
        redis ??= await this.connectToMaster();
        await this.write(redis);
        await delay(2);
      } catch {
        redis?.close();
        redis = null;
        await delay(10);
      }
    }
    redis?.close();
  }

  private async write(redis: RedisConnection): Promise<void> {
    const number = this.next++;
    const replicas = this.cluster.topology.redis.nodes.length - 1;
    const [set, wait] = await redis.callAll([
      ["SET", `${this.prefix}${number}`, number],
      ["WAIT", replicas, 50],
    ]);
    if (set !== "OK") throw set;
    this.acknowledged.push(number);
    if (wait === replicas) this.confirmed.push(number);
  }

  private async connectToMaster(): Promise<RedisConnection> {
    for (const sentinel of this.cluster.topology.sentinel.nodes) {
      const address = await this.askSentinel(sentinel.host, sentinel.port);
      if (address !== null) return connect({ ...address, deadlineMs: 300 });
    }
    throw new Error("no Sentinel answers");
  }

  private async askSentinel(host: string, port: number): Promise<{ host: string; port: number } | null> {
    try {
      const sentinel = await connect({ host, port, deadlineMs: 300 });
      try {
        const reply = await sentinel.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.cluster.topology.name);
        if (!Array.isArray(reply)) return null;
        return { host: String(reply[0]), port: Number(reply[1]) };
      } finally {
        sentinel.close();
      }
    } catch {
      return null;
    }
  }
}
