import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { connect } from "../src/redis/client.ts";
import { renderRedisConf } from "../src/render/redis-conf.ts";
import { ByHand, timeUntil, type Server } from "./by-hand.ts";
import { figure, type Figure } from "./figures.ts";
import { Managed } from "./managed.ts";
import type { Bench } from "./scratch.ts";

const VALUE_BYTES = 64;
const KEYSPACE = 100_000;
/** Turns for each run asked for: many short ones, as each of the servers has luck with the cores for a second or two. */
const TURNS = 5;
const CASES = [
  { test: "set", pipeline: 1 },
  { test: "get", pipeline: 1 },
  { test: "set", pipeline: 16 },
  { test: "get", pipeline: 16 },
] as const;

type Case = (typeof CASES)[number];

/** The managed master against a bare one: same configuration file, same replicas, started by hand. */
export async function throughput(bench: Bench): Promise<Figure[]> {
  const managed = await Managed.create(bench.scratch);
  await managed.timed("up");
  return compare(bench, "throughput", managed, true);
}

/** `alone`: also a bare server without replicas, to show what replication itself costs. */
export async function compare(
  bench: Bench,
  name: string,
  managed: Managed,
  alone: boolean,
): Promise<Figure[]> {
  const twin = await Managed.create(bench.scratch); // never started: its ports and its configuration only
  const bare = await startBare(bench, twin, twin.topology.redis.nodes.length);
  const single = alone ? await Managed.create(bench.scratch) : null;
  const lonely = single === null ? null : await startBare(bench, single, 1);
  const figures: Figure[] = [];
  for (const each of CASES) {
    const sides = [managed.masterPort, bare.port, ...(lonely === null ? [] : [lonely.port])];
    const [ours = [], theirs = [], without] = await takeTurns(bench, each, sides);
    const what = `${each.test.toUpperCase()}, ${each.pipeline === 1 ? "not pipelined" : `${each.pipeline} a round trip`}`;
    const other = { what: "bare, 3 replicas", samples: theirs };
    const targets = [{ of: "ratio", at: "least", value: 0.97 } as const];
    figures.push(figure(name, what, "requests/s", ours, { other, targets }));
    if (without !== undefined) {
      const samples = without;
      figures.push(figure(name, what, "requests/s", ours, { other: { what: "bare, no replica", samples } }));
    }
    bench.note(`${what}: ${(figures.at(alone ? -2 : -1)?.ratio ?? NaN).toFixed(3)} of bare`);
  }
  for (const server of [bare, lonely]) await server?.stop();
  return figures;
}

interface Bare {
  port: number;
  stop: () => Promise<void>;
}

async function startBare(bench: Bench, { topology, dir }: Managed, count: number): Promise<Bare> {
  const servers = topology.redis.nodes.slice(0, count).map((node): Server => ({
    id: node.id,
    dir: node.dataDir,
    conf: `${renderRedisConf(topology, node, { paths: "absolute" })}\nlogfile ${join(dir, `${node.id}.log`)}\n`,
    sentinel: false,
  }));
  const hand = new ByHand(bench.scratch, servers);
  hand.start();
  const { port } = topology.redis.nodes[0];
  const linked = async () => {
    const { nodes } = await hand.look(topology);
    return nodes[0]?.state === "up" && nodes[0].connectedReplicas === count - 1;
  };
  if ((await timeUntil(60_000, linked)) === null)
    throw new Error(`the bare server on ${port} has no ${count - 1} replicas`);
  return { port, stop: () => hand.stop("SIGKILL") };
}

/** Samples of each side. The order changes from turn to turn, so that no side profits from who came before it. */
async function takeTurns(bench: Bench, each: Case, ports: readonly number[]): Promise<number[][]> {
  const samples = ports.map((): number[] => []);
  for (let turn = -1; turn < bench.runs * TURNS; turn++) {
    const order = ports.map((_, at) => (at + Math.max(0, turn)) % ports.length);
    if (turn % 2 === 1) order.reverse();
    for (const side of order) {
      const rate = await measure(bench, each, ports[side] ?? 0);
      if (turn >= 0) samples[side]?.push(rate); // the turn before the first warms up, and fills the key space
    }
  }
  return samples;
}

async function measure(bench: Bench, { test, pipeline }: Case, port: number): Promise<number> {
  await quiesce(port);
  const requests = (pipeline === 1 ? 50_000 : 400_000) / (bench.quick ? 10 : 1);
  const options = {
    "-p": port,
    "-c": 50,
    "-n": requests,
    "-P": pipeline,
    "-d": VALUE_BYTES,
    "-r": KEYSPACE,
    "-t": test,
  };
  const args = [
    "-h",
    "127.0.0.1",
    ...Object.entries(options).flatMap(([flag, value]) => [flag, String(value)]),
    "--csv",
  ];
  const { stdout } = await promisify(execFile)("redis-benchmark", args);
  const rate = Number(/^"(?:SET|GET)","([\d.]+)"/m.exec(stdout)?.[1]);
  if (Number.isNaN(rate)) throw new Error(`redis-benchmark said:\n${stdout}`);
  return rate;
}

/** Replicas that still catch up, and a rewrite of the append-only file, would be paid for by the next measurement. */
async function quiesce(port: number): Promise<void> {
  const redis = await connect({ host: "127.0.0.1", port, deadlineMs: 5_000 });
  try {
    const quiet = async () => {
      const info = String(await redis.call("INFO"));
      const offset = /^master_repl_offset:(\d+)/m.exec(info)?.[1];
      const behind = [...info.matchAll(/^slave\d+:.*offset=(\d+)/gm)].some(([, at]) => at !== offset);
      return !behind && !/^(aof_rewrite_in_progress|rdb_bgsave_in_progress):1/m.test(info);
    };
    if ((await timeUntil(120_000, quiet)) === null)
      throw new Error(`the server on ${port} does not come to rest`);
  } finally {
    redis.close();
  }
}
