import { Redis } from "ioredis";
import { createSentinel } from "redis";
import { systemClock } from "../src/clock.ts";
import { sentinelConnector } from "../src/redis/connector/sentinel-connector.ts";
import { figure, type Figure, type Unit } from "./figures.ts";
import { Load } from "./load.ts";
import { Managed } from "./managed.ts";
import type { Bench } from "./scratch.ts";

const FAULTS = ["kill", "hang", "switchover", "SENTINEL FAILOVER"] as const;
type Fault = (typeof FAULTS)[number];

/** A client that is silent for so long has not recovered: ms. Longer than the slowest that ever did. */
const CAP_MS = 20_000;
const WARM_MS = 1_500;

/** What one client went through in one turn. */
interface Outcome {
  gapMs: number;
  lost: number;
  errors: number;
  /** It did not write again. */
  gone: boolean;
}

const NAMES = ["ours", "ioredis", "node-redis"] as const;
type Name = (typeof NAMES)[number];

/** Three clients at once on one cluster: each turn they all live through the same failover. */
export async function clients(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const fault of FAULTS) {
    const turns: Record<Name, Outcome>[] = [];
    for (let turn = 0; turn < bench.runs; turn++) {
      const outcomes = await turnOf(bench, fault);
      turns.push(outcomes);
      bench.note(`${fault} ${turn + 1}: ${NAMES.map((name) => told(name, outcomes[name])).join(" | ")}`);
    }
    figures.push(...figuresOf(fault, turns));
  }
  return figures;
}

function figuresOf(fault: Fault, turns: Record<Name, Outcome>[]): Figure[] {
  const of = (name: Name, what: keyof Outcome) => turns.map((turn) => Number(turn[name][what]));
  const total = (name: Name) => [of(name, "gone").reduce((sum, gone) => sum + gone, 0)];
  return (["ioredis", "node-redis"] as const).flatMap((name) => {
    const compared = (what: string, unit: Unit, samples: (name: Name) => number[]) =>
      figure("clients", `${fault}: ${what}`, unit, samples("ours"), {
        other: { what: `${name}, its defaults`, samples: samples(name) },
      });
    return [
      compared("longest write gap", "ms", (one) => of(one, "gapMs")),
      compared("acknowledged writes lost", "writes", (one) => of(one, "lost")),
      compared("failed writes", "writes", (one) => of(one, "errors")),
      compared(`never recovered, of ${turns.length}`, "turns", total),
    ];
  });
}

async function turnOf(bench: Bench, fault: Fault): Promise<Record<Name, Outcome>> {
  const managed = await Managed.create(bench.scratch);
  await managed.timed("up");
  const opened = [following(managed), plain(managed), await nodeRedis(managed)] as const;
  const loads = opened.map(({ load }) => load);
  try {
    // allow-sleep: what comes before the fault is a while of undisturbed writing, not a condition
    await systemClock.sleep(WARM_MS);
    const old = managed.masterPort;
    for (const load of loads) load.mark();
    await inject(managed, fault);
    await managed.movedFrom(old, CAP_MS);
    await managed.calm(loads, fault === "hang" ? "writing" : "settled", CAP_MS);
    for (const load of loads) await load.stop();
    const [ours, ioredis, node] = await Promise.all(
      loads.map(async (load): Promise<Outcome> => {
        const gone = load.quietFor() > CAP_MS / 4;
        return {
          gapMs: load.longestGap(),
          lost: await load.lostAt(await managed.currentMasterPort()),
          errors: load.errors,
          gone,
        };
      }),
    );
    if (ours === undefined || ioredis === undefined || node === undefined)
      throw new Error("three clients ran");
    return { ours, ioredis, "node-redis": node };
  } finally {
    for (const { close } of opened) close();
    await managed.destroy();
  }
}

async function inject(managed: Managed, fault: Fault): Promise<void> {
  const [master] = managed.topology.redis.nodes;
  if (fault === "switchover") await managed.timed("switchover", "--yes");
  else if (fault === "SENTINEL FAILOVER")
    await managed.askSentinel("SENTINEL", "FAILOVER", managed.topology.name);
  else await managed.fault(master.id, fault);
}

interface Opened {
  load: Load;
  close: () => void;
}

function sentinelsOf({ topology }: Managed): { host: string; port: number }[] {
  return topology.sentinel.nodes.map(({ host, port }) => ({ host, port }));
}

function following(managed: Managed): Opened {
  return ioredis(
    "ours",
    new Redis(sentinelConnector({ sentinels: sentinelsOf(managed), name: managed.topology.name })),
  );
}

function plain(managed: Managed): Opened {
  return ioredis("ioredis", new Redis({ sentinels: sentinelsOf(managed), name: managed.topology.name }));
}

function ioredis(name: Name, redis: Redis): Opened {
  redis.on("error", () => {}); // counted where it hurts: at the writes
  const load = new Load(name, async (key, value) => (await redis.set(key, value)) === "OK");
  return { load, close: () => redis.disconnect() };
}

async function nodeRedis(managed: Managed): Promise<Opened> {
  const client = createSentinel({ name: managed.topology.name, sentinelRootNodes: sentinelsOf(managed) });
  client.on("error", () => {});
  await client.connect();
  const load = new Load("node-redis", async (key, value) => (await client.set(key, value)) === "OK");
  return { load, close: () => void client.destroy() };
}

function told(name: Name, { gapMs, lost, errors, gone }: Outcome): string {
  return `${name} gap ${gone ? "for ever" : `${Math.round(gapMs)} ms`}, lost ${lost}, errors ${errors}`;
}
