import { readFileSync } from "node:fs";
import { bringBack } from "../../src/operations/bring-back.ts";
import { systemClock, until } from "../../src/clock.ts";
import { Compass } from "../../src/operations/compass.ts";
import { watchSentinels, type HeardEvent } from "../../src/operations/sentinel-watch.ts";
import { readHistory } from "../../src/operations/history.ts";
import type { NodeId, RedisNode } from "../../src/topology/model.ts";
import { LiveCluster } from "./live-cluster.ts";
import { Prober } from "./prober.ts";
import { generator } from "./random.ts";
import { Writer } from "./writer.ts";

/** The master's process is killed, frozen, or frozen and killed a moment later, before or after it is held for down. */
export const FAULTS = ["kill", "hang", "hang-then-kill"] as const;
export type Fault = (typeof FAULTS)[number];

export interface FailoverSoak {
  /** Until a majority of the Sentinels named another master, for each fault in its order: ms. */
  namedMs: Record<Fault, number[]>;
  /** Attempts that the Sentinels gave up before one succeeded. */
  aborted: string[];
  /** How often the steward asked at once, spread a decision, or only saw the master move. */
  causes: Record<string, number>;
  /** From the request, or from a Sentinel's choice, until all were told; the longest first: ms. */
  spreadMs: number[];
  confirmed: number;
}

/** Sentinel may try again after twice its timeout, and a machine may be busy: ms. */
const RECOVERY_MS = 60_000;

/**
 * Makes the master fail `each` times in each way, in an order and with pauses that the seed gives, with `failover: fast`
 * and a steward, under a writing client. Throws at the first failover that was not exactly one, at a second master
 * that takes writes, and at a lost confirmed write.
 */
export async function soakFailovers(options: {
  seed: number;
  each: number;
  say: (line: string) => void;
}): Promise<FailoverSoak> {
  const random = generator(options.seed);
  const order = shuffled(
    FAULTS.flatMap((fault) => Array.from({ length: options.each }, () => fault)),
    random,
  );
  const cluster = await LiveCluster.create(
    "redis: { port: BASE }\nsentinel: { port: SENTINELS }\nfailover: fast\nsupervise: { restarts: 1000, window: 60s }",
  );
  try {
    await cluster.up({ steward: true });
    return await new Soak(cluster, random, options.say).run(order);
  } catch (error) {
    throw new Error(`replay with SOAK_SEED=${options.seed}\n${stewardLog(cluster)}\n${cluster.logs()}`, {
      cause: error,
    });
  } finally {
    await cluster.destroy();
  }
}

class Soak {
  private readonly result: FailoverSoak = {
    namedMs: { kill: [], hang: [], "hang-then-kill": [] },
    aborted: [],
    causes: {},
    spreadMs: [],
    confirmed: 0,
  };
  private readonly writer: Writer;
  private readonly compass: Compass;
  /** What the Sentinels said in this round. */
  private heard: HeardEvent[] = [];

  constructor(
    private readonly cluster: LiveCluster,
    private readonly random: () => number,
    private readonly say: (line: string) => void,
  ) {
    this.writer = new Writer(cluster);
    this.compass = new Compass(cluster.ctx);
  }

  async run(order: readonly Fault[]): Promise<FailoverSoak> {
    const { cluster, compass, writer } = this;
    const over = new AbortController();
    writer.start();
    const watching = compass.run(over.signal);
    try {
      for (const [at, fault] of order.entries()) await this.round(at, fault, order.length);
      // A second failover of the last master would be told by now.
      const whole = await cluster.settled();
      this.expectEpoch(order.length, whole.epoch);
    } finally {
      over.abort();
      await Promise.all([watching, writer.stop()]);
    }
    this.result.confirmed = writer.confirmed.length;
    for (const { kind, cause = "", durationsMs } of readHistory(cluster.runtime.paths.history)) {
      if (kind !== "failover") continue;
      const how = cause.replace(/ \(.*\)/, "");
      this.result.causes[how] = (this.result.causes[how] ?? 0) + 1;
      if (durationsMs?.["spread"] !== undefined) this.result.spreadMs.push(durationsMs["spread"]);
    }
    this.result.spreadMs.sort((a, b) => b - a);
    return this.result;
  }

  private async round(at: number, fault: Fault, of: number): Promise<void> {
    const { cluster, writer } = this;
    const before = await cluster.settled();
    this.expectEpoch(at, before.epoch);
    await writer.wroteAgain();
    const old = cluster.topology.redis.nodes.find(({ id }) => id === before.master?.node);
    if (old === undefined) throw new Error("no master is named");
    // A frozen master that goes on takes writes until it is told: that is no second promotion.
    const others = cluster.redis().filter((id) => id !== old.id);
    const prober = new Prober(cluster).start(fault === "hang" ? others : cluster.redis());
    const heard: HeardEvent[] = (this.heard = []);
    const stop = await watchSentinels(cluster.ctx, (event) => heard.push(event));
    const begun = performance.now();
    await this.inject(old.id, fault);
    await this.untilMoved(old);
    const ms = Math.round(performance.now() - begun);
    if (fault === "hang") await bringBack(cluster.ctx, old, "hang");
    const whole = await cluster.settled(RECOVERY_MS);
    stop();
    await prober.stop();
    this.expectEpoch(at + 1, whole.epoch);
    if (prober.secondMasters().length > 0)
      throw new Error(`${prober.secondMasters().join()} took writes, too`);
    const lost = await writer.lost();
    if (lost.length > 0) throw new Error(`${lost.length} confirmed writes are lost, first ${lost[0]}`);
    const aborted = heard
      .map(({ event }) => event.channel)
      .filter((name) => name.startsWith("-failover-abort"));
    this.result.namedMs[fault].push(ms);
    this.result.aborted.push(...aborted);
    const wholeMs = Math.round(performance.now() - begun);
    this.say(
      `${at + 1}/${of} ${fault} ${old.id}: named after ${ms} ms, whole after ${wholeMs} ms ${aborted.join(" ")}`,
    );
  }

  private async inject(master: NodeId, fault: Fault): Promise<void> {
    const { cluster } = this;
    await cluster.runtime.fault(master, fault === "kill" ? "kill" : "hang");
    if (fault !== "hang-then-kill") return;
    await systemClock.sleep(this.random() * 2 * cluster.topology.sentinel.downAfterMs);
    await cluster.runtime.fault(master, "kill");
  }

  private async untilMoved(old: RedisNode): Promise<void> {
    const moved = async () => {
      const named = this.compass.majority();
      return named !== null && named.port !== old.port;
    };
    if ((await until(moved, { deadlineMs: RECOVERY_MS, everyMs: 5 })) === null)
      throw new Error(`nobody took over from ${old.id}`);
  }

  private story(): string {
    return this.heard
      .map(({ at, sentinel, event }) => `\n${Math.round(at)} ${sentinel} ${event.channel} ${event.raw}`)
      .join("");
  }

  private expectEpoch(failovers: number, epoch: number | null): void {
    if (epoch !== failovers)
      throw new Error(`${failovers} faults, but the config epoch is ${epoch}${this.story()}`);
  }
}

function stewardLog(cluster: LiveCluster): string {
  return readFileSync(`${cluster.runtime.paths.logs}/steward.log`, "utf8");
}

function shuffled<T>(items: readonly T[], random: () => number): T[] {
  const keyed = items.map((item) => ({ item, key: random() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}
