import { systemClock, until } from "../src/clock.ts";
import { look, requireNode, type Context } from "../src/operations/context.ts";
import { writeGap } from "../src/operations/failover-marks.ts";
import { FailoverObserver } from "../src/operations/failover-observer.ts";
import { connect, type RedisConnection } from "../src/redis/client.ts";
import { parseAddress } from "../src/redis/sentinel-replies.ts";
import type { RedisNode } from "../src/topology/model.ts";
import { figure, median, type Figure, type Target } from "./figures.ts";
import { Managed } from "./managed.ts";
import type { Bench } from "./scratch.ts";

/** What is claimed is a median of so many, however few turns the other benches take. */
const TURNS = 15;
/** Writes that are acknowledged before each kill. */
const WARM_UP = 50;
/** Sentinel may need a second attempt: ms. */
const LIMIT_MS = 60_000;
const WITHOUT_STEWARD = "--no-steward";

const MARKS = ["first acknowledged write", "all Sentinels agree", "all replicas linked"] as const;
type Mark = (typeof MARKS)[number];
type Turn = Record<Mark, number> & { promotions: number; lost: number };

const TARGETS: Record<Mark, Target[]> = {
  "first acknowledged write": [
    { of: "ours", at: "most", value: 300 },
    { of: "ratio", at: "most", value: 0.05 },
  ],
  "all Sentinels agree": [{ of: "ours", at: "most", value: 3_000 }],
  "all replicas linked": [{ of: "ours", at: "most", value: 3_000 }],
};

/** `kill -9` of the master under a client that follows the Sentinels, with the steward and without, in turns. */
export async function failover(bench: Bench): Promise<Figure[]> {
  const turns = bench.quick ? bench.runs : Math.max(TURNS, bench.runs);
  const [watched, alone] = [await Managed.create(bench.scratch), await Managed.create(bench.scratch)];
  await watched.timed("up");
  await alone.timed("up", WITHOUT_STEWARD);
  const ours: Turn[] = [];
  const theirs: Turn[] = [];
  for (let turn = 0; turn < turns; turn++) {
    ours.push(await killMaster(watched, []));
    theirs.push(await killMaster(alone, [WITHOUT_STEWARD]));
    bench.note(`turn ${turn + 1}: ${told(ours.at(-1))} | steward off: ${told(theirs.at(-1))}`);
  }
  await Promise.all([watched.destroy(), alone.destroy()]);
  sayHowMuchSooner(bench, ours, theirs);
  return [
    ...MARKS.map((mark) => compared(mark, ours, theirs)),
    counted("promotions beyond one a kill", ours, doubles),
    counted("promotions beyond one a kill, steward off", theirs, doubles),
    counted("acknowledged writes lost", ours, ({ lost }) => lost),
    counted("acknowledged writes lost, steward off", theirs, ({ lost }) => lost),
  ];
}

function compared(mark: Mark, ours: Turn[], theirs: Turn[]): Figure {
  const samples = ours.map((turn) => turn[mark]);
  const other = { what: "steward off", samples: theirs.map((turn) => turn[mark]) };
  return figure("failover", `kill -9: ${mark}`, "ms", samples, { other, targets: TARGETS[mark] });
}

function doubles({ promotions }: Turn): number {
  return promotions - 1;
}

function counted(what: string, turns: Turn[], count: (turn: Turn) => number): Figure {
  const total = turns.map(count).reduce((sum, each) => sum + each, 0);
  const targets: Target[] = what.startsWith("promotions") ? [{ of: "ours", at: "most", value: 0 }] : [];
  return figure("failover", `kill -9: ${what}`, "in all", [total], { targets });
}

/** One kill, from a whole cluster to the next. */
async function killMaster(managed: Managed, upArgs: string[]): Promise<Turn> {
  const ctx = managed.context();
  const before = await look(ctx);
  const old = requireNode(ctx.topology, before.master?.node ?? "");
  if (old.kind !== "redis") throw new Error(`${old.id} is no Redis node`);
  const observer = await FailoverObserver.begin(ctx, "bench:failover:", () => {});
  const sight = await Sight.open(ctx, old);
  try {
    await observed(async () => observer.acknowledged.length >= WARM_UP, "the client writes");
    // Sentinel's polls and pings beat by themselves: a kill must not always fall on the same beat.
    await systemClock.sleep(500 + Math.random() * 2_000);
    observer.faultAt = ctx.clock.monotonic();
    await managed.kill(old.id);
    const wrote = async () => writeGap(observer.acknowledged, old, observer.faultAt).firstAfterMs;
    const [firstWrite, agreed, linked] = await Promise.all([
      observed(wrote, "a write is acknowledged again"),
      observed(async () => (await sight.allAgree()) && observer.sinceFault(), "all Sentinels agree"),
      observed(async () => (await sight.allLinked()) && observer.sinceFault(), "all replicas are linked"),
    ]);
    await observer.stopWriting();
    await managed.timed("up", ...upArgs);
    const after = await look(ctx);
    return {
      "first acknowledged write": firstWrite,
      "all Sentinels agree": agreed,
      "all replicas linked": linked,
      promotions: (after.epoch ?? NaN) - (before.epoch ?? NaN),
      lost: (await observer.countLost(after)) ?? NaN,
    };
  } finally {
    sight.close();
    await observer.end();
  }
}

async function observed<T>(condition: () => Promise<T | null | false>, what: string): Promise<T> {
  const met = await until(condition, { deadlineMs: LIMIT_MS, everyMs: 5 });
  if (met === null) throw new Error(`waiting until ${what}: not within ${LIMIT_MS} ms`);
  return met;
}

/** What Sentinels and surviving replicas say, over connections that are open before the kill. */
class Sight {
  private constructor(
    private readonly ctx: Context,
    private readonly old: RedisNode,
    private readonly sentinels: readonly RedisConnection[],
    private readonly replicas: readonly RedisNode[],
  ) {}

  static async open(ctx: Context, old: RedisNode): Promise<Sight> {
    const open = ({ host, port }: { host: string; port: number }) =>
      connect({ host, port, deadlineMs: 1_000 });
    const replicas = ctx.topology.redis.nodes.filter(({ id }) => id !== old.id);
    return new Sight(ctx, old, await Promise.all(ctx.topology.sentinel.nodes.map(open)), replicas);
  }

  async allAgree(): Promise<boolean> {
    return (await this.named()) !== null;
  }

  /** All survivors but the new master have their link to it up. */
  async allLinked(): Promise<boolean> {
    const roles = await Promise.all(this.replicas.map((node) => this.role(node)));
    const masters = this.replicas.filter((_, at) => roles[at]?.[0] === "master");
    const [master] = masters;
    if (master === undefined || masters.length > 1) return false;
    return this.replicas.every((node, at) => {
      const [, , port, link] = roles[at] ?? [];
      return node === master || (link === "connected" && port === master.port);
    });
  }

  close(): void {
    for (const redis of this.sentinels) redis.close();
  }

  /** The port that all Sentinels name, unless it is the old one. */
  private async named(): Promise<number | null> {
    const replies = await Promise.all(
      this.sentinels.map((redis) =>
        redis.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", this.ctx.topology.name),
      ),
    );
    const ports = new Set(replies.map((reply) => parseAddress(reply)?.port));
    const [port] = ports;
    return ports.size === 1 && port !== undefined && port !== this.old.port ? port : null;
  }

  /** A promotion and a demotion kill clients, so each question has a connection of its own. */
  private async role({ host, port }: RedisNode): Promise<unknown[] | null> {
    try {
      const redis = await connect({ host, port, deadlineMs: 500 });
      try {
        const role = await redis.call("ROLE");
        return Array.isArray(role) ? role : null;
      } finally {
        redis.close();
      }
    } catch {
      return null;
    }
  }
}

function told(turn: Turn | undefined): string {
  if (turn === undefined) return "";
  return MARKS.map((mark) => `${mark} ${Math.round(turn[mark])} ms`).join(", ");
}

function sayHowMuchSooner(bench: Bench, ours: Turn[], theirs: Turn[]): void {
  const mark = MARKS[0];
  const times = median(ours.map((turn, at) => (theirs[at]?.[mark] ?? NaN) / turn[mark]));
  bench.note(
    `${mark}: ${times.toFixed(1)} times sooner than with the steward off (median of ${ours.length})`,
  );
}
