import { Redis } from "ioredis";
import { systemClock } from "../src/clock.ts";
import { confirmedWrites } from "../src/redis/confirmed.ts";
import { sentinelConnector } from "../src/redis/connector/sentinel-connector.ts";
import { DURABILITIES, type Durability } from "../src/topology/durability.ts";
import { timeUntil } from "./by-hand.ts";
import { figure, type Figure } from "./figures.ts";
import { Load, type Write } from "./load.ts";
import { Managed, REDIS_NODES } from "./managed.ts";
import type { Bench } from "./scratch.ts";

const FAULTS = ["kill", "hang", "partition"] as const;
type Fault = (typeof FAULTS)[number];

const CAP_MS = 40_000;
const WARM_MS = 1_500;
/** How much longer the old master stays cut off after the others have a new one: ms. */
const CUT_OFF_MS = 6_000;
const SPEED_MS = 2_000;
const SPEED_TURNS = 3;
const WRITERS = 8;
const PASSWORD = "cut-off";

interface Outcome {
  gapMs: number;
  lost: number;
}

/** What each durability loses, how long it does not write, and what it costs. */
export async function durability(bench: Bench): Promise<Figure[]> {
  const figures: Figure[] = [];
  const outcomes = new Map<string, Outcome[]>();
  for (let turn = 0; turn < bench.runs; turn++) {
    for (const mode of DURABILITIES) {
      for (const fault of FAULTS) {
        const outcome = await turnOf(bench, mode, fault);
        const key = `${mode}, ${fault}`;
        outcomes.set(key, [...(outcomes.get(key) ?? []), outcome]);
        bench.note(`${key}: lost ${outcome.lost}, gap ${Math.round(outcome.gapMs)} ms`);
      }
    }
  }
  for (const [what, turns] of outcomes) {
    const of = (key: keyof Outcome) => turns.map((each) => each[key]);
    figures.push(figure("durability", `${what}: acknowledged writes lost`, "writes", of("lost")));
    figures.push(figure("durability", `${what}: longest write gap`, "ms", of("gapMs")));
  }
  const silent: number[] = [];
  for (let turn = 0; turn < bench.runs; turn++) silent.push(await silence(bench));
  figures.push(figure("durability", "fenced, all replicas silent: writes taken for", "ms", silent));
  return [...figures, ...(await costs(bench))];
}

/** Writes a second in each mode, on three clusters that stand side by side and are measured in turns. */
async function costs(bench: Bench): Promise<Figure[]> {
  const sides: { mode: Durability; redis: Redis; write: Write; samples: number[] }[] = [];
  try {
    for (const mode of DURABILITIES) {
      const redis = follow(await started(bench, mode));
      sides.push({ mode, redis, write: writeOf(redis, mode), samples: [] });
    }
    for (let turn = -1; turn < bench.runs * SPEED_TURNS; turn++) {
      for (const { write, samples } of sides) {
        const speed = await speedOf(write, bench.quick ? SPEED_MS / 4 : SPEED_MS);
        if (turn >= 0) samples.push(speed); // the turn before the first warms up
      }
      sides.push(...sides.splice(0, 1)); // nobody profits from who came before it
    }
  } finally {
    for (const { redis } of sides) redis.disconnect();
  }
  const samples = sides.find(({ mode }) => mode === "async")?.samples ?? [];
  return sides.map((side) =>
    figure("durability", `${side.mode}: ${WRITERS} writers`, "requests/s", side.samples, {
      other: { what: "async", samples },
    }),
  );
}

async function started(bench: Bench, mode: Durability, more = ""): Promise<Managed> {
  const managed = await Managed.create(bench.scratch, {}, `durability: ${mode}\n${more}`);
  await managed.timed("up");
  return managed;
}

function follow({ topology }: Managed): Redis {
  const sentinels = topology.sentinel.nodes.map(({ host, port }) => ({ host, port }));
  const redis = new Redis(sentinelConnector({ sentinels, name: topology.name }));
  redis.on("error", () => {}); // counted where it hurts: at the writes
  return redis;
}

async function turnOf(bench: Bench, mode: Durability, fault: Fault): Promise<Outcome> {
  const managed = await started(bench, mode);
  const redis = follow(managed);
  try {
    const load = new Load("follows", writeOf(redis, mode));
    // allow-sleep: what comes before the fault is a while of undisturbed writing, not a condition
    await systemClock.sleep(WARM_MS);
    load.mark();
    const inside = fault === "partition" ? await cut(managed, mode) : await strike(managed, fault);
    const loads = [load, ...inside];
    await managed.calm(loads, fault === "hang" ? "writing" : "settled", CAP_MS);
    for (const each of loads) await each.stop();
    const port = await managed.currentMasterPort();
    const lost = await Promise.all(loads.map((each) => each.lostAt(port)));
    return { gapMs: load.longestGap(), lost: lost.reduce((a, b) => a + b, 0) };
  } finally {
    redis.disconnect();
    await managed.destroy();
  }
}

function writeOf(redis: Redis, mode: Durability): Write {
  if (mode !== "confirmed") return async (key, value) => (await redis.set(key, value)) === "OK";
  const confirm = confirmedWrites(redis, { replicas: REDIS_NODES - 1, timeoutMs: 500 });
  return async (key, value) => (await confirm((commands) => commands.set(key, value))).outcome === "ok";
}

async function strike(managed: Managed, fault: "kill" | "hang"): Promise<Load[]> {
  await managed.fault(managed.topology.redis.nodes[0].id, fault);
  await managed.movedFrom(managed.masterPort, CAP_MS);
  return [];
}

/**
 * The logical partition: a password that only one client knows locks replicas, Sentinels and everybody else out of the
 * master, while that client goes on writing to it. Afterwards the password is taken back, and Sentinel demotes it.
 */
async function cut(managed: Managed, mode: Durability): Promise<Load[]> {
  const port = managed.masterPort;
  const insider = new Redis({ host: "127.0.0.1", port, maxRetriesPerRequest: 0, enableOfflineQueue: false });
  insider.on("error", () => {});
  await new Promise((resolve) => insider.once("ready", resolve));
  // Not through the insider: WAIT may hold it up for long.
  const admin = new Redis({ host: "127.0.0.1", port });
  await admin.config("SET", "requirepass", PASSWORD);
  await Promise.all([insider.auth(PASSWORD), admin.auth(PASSWORD)]);
  const insiders = await Promise.all([insider.client("ID"), admin.client("ID")]);
  await expel(admin, insiders);
  const load = new Load("inside", writeOf(insider, mode));
  await managed.movedFrom(port, CAP_MS);
  // allow-sleep: how long a partition lasts is its own affair
  await systemClock.sleep(CUT_OFF_MS);
  await admin.config("SET", "requirepass", "");
  admin.disconnect();
  insider.once("close", () => insider.disconnect());
  return [load];
}

/** Ends every connection but these: replicas, Sentinels and clients. */
async function expel(admin: Redis, but: readonly number[]): Promise<void> {
  const list = String(await admin.client("LIST"));
  for (const [, id] of list.matchAll(/^id=(\d+) /gm)) {
    if (!but.includes(Number(id))) await admin.client("KILL", "ID", Number(id));
  }
}

/** How long a fenced master goes on after its replicas fell silent with their connections open, as behind a cut cable: ms. */
async function silence(bench: Bench): Promise<number> {
  const managed = await started(bench, "fenced", "fastFailover: off\n");
  const [master, ...replicas] = managed.topology.redis.nodes;
  const redis = new Redis({ host: "127.0.0.1", port: master.port });
  redis.on("error", () => {});
  const load = new Load("silent", writeOf(redis, "fenced"));
  try {
    // allow-sleep: what comes before the fault is a while of undisturbed writing, not a condition
    await systemClock.sleep(WARM_MS);
    const begun = performance.now();
    for (const { id } of replicas) await managed.fault(id, "hang");
    const refused = async () => load.errors > 10 && load.quietFor() > 100;
    if ((await timeUntil(CAP_MS, refused)) === null) throw new Error("the fence never closed");
    bench.note(
      `fenced, silent replicas: refuses after ${Math.round(performance.now() - begun - load.quietFor())} ms`,
    );
    return performance.now() - begun - load.quietFor();
  } finally {
    await load.stop();
    redis.disconnect();
    await managed.destroy();
  }
}

/** Writers in a closed loop: acknowledged writes a second. */
async function speedOf(write: Write, forMs: number): Promise<number> {
  const end = performance.now() + forMs;
  let written = 0;
  const writer = async (id: number) => {
    for (let n = 0; performance.now() < end; n++) if (await write(`speed:${id}:${n % 1000}`, n)) written++;
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, id) => writer(id)));
  return (1000 * written) / forMs;
}
