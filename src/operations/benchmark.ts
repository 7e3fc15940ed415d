import { explain, VedetteError } from "../errors.ts";
import type { RedisConnection } from "../redis/client.ts";
import { parseInfo } from "../redis/info.ts";
import type { NodeId, RedisNode } from "../topology/model.ts";
import { assertCan, namedMaster } from "./allowed.ts";
import { addBenchUser, removeBenchUser, type BenchUser } from "./bench-user.ts";
import { cleanKeys, seedKeys } from "./bench-keys.ts";
import {
  commandOf,
  estimateBytes,
  keyspace,
  parseCsv,
  trafficBytes,
  type BenchFigures,
  type BenchSettings,
  type BenchTest,
} from "./benchmark-plan.ts";
import { look, requireMaster, withNode, type Context } from "./context.ts";
import { assertRoom } from "./headroom.ts";
import type { Program } from "../runtimes/runtime.ts";
import { runProgram } from "./programs.ts";

export interface Benchmark {
  cluster: string;
  master: NodeId;
  settings: BenchSettings;
  results: BenchResult[];
  /** Keys of the benchmark that were deleted afterwards. */
  cleaned: number;
}

export interface BenchResult extends BenchFigures {
  node: NodeId;
  role: "master" | "replica";
  test: BenchTest;
}

/** For each command of the clean-up; also the patience with a master that was just driven to its limit: ms. */
const BUSY_DEADLINE_MS = 10_000;

/**
 * Drives the master, and for reads the replicas, with redis-benchmark.
 *
 * Writes only keys with the benchmark's own prefix, only on the master, and only when there is room for them; they
 * are deleted afterwards, also after a failure or when `signal` aborts.
 */
export async function benchmark(
  ctx: Context,
  settings: BenchSettings,
  signal: AbortSignal,
): Promise<Benchmark> {
  const doing = `benchmarking ${ctx.topology.name}`;
  const snapshot = await look(ctx);
  assertCan(ctx, snapshot, { operation: "benchmark" }, doing);
  const master = namedMaster(ctx, snapshot, doing);
  const replicas = settings.replicas
    ? ctx.topology.redis.nodes.filter((node) =>
        snapshot.nodes.some((seen) => seen.node === node.id && seen.role === "replica" && seen.link === "up"),
      )
    : [];
  if (settings.replicas && replicas.length === 0) {
    throw new VedetteError(`${doing}: no replica has a link to the master`, { next: "leave --replicas out" });
  }
  const program = await ctx.runtime.program("redis-benchmark");
  const claim = await ctx.runtime.exclusive("benchmark");
  try {
    await withNode(ctx, master, (redis) => assertFits(redis, settings, doing), BUSY_DEADLINE_MS);
    const bench = { ctx, settings, signal, program, doing };
    const measured = await measureAndClean(bench, master, replicas);
    return { cluster: ctx.topology.name, master: master.id, settings, ...measured };
  } finally {
    await claim.release();
  }
}

/** Keys, connections, and what the replication backlog can still take in, must fit beside what is there. */
async function assertFits(redis: RedisConnection, settings: BenchSettings, doing: string): Promise<void> {
  const fields = parseInfo(String(await redis.call("INFO", "replication"))).get("replication");
  const count = (name: string) => Number(fields?.get(name) ?? 0) || 0;
  const backlog = Math.max(0, count("repl_backlog_size") - count("repl_backlog_histlen"));
  const bytes = estimateBytes(settings) + Math.min(backlog, trafficBytes(settings));
  const next = "lower --requests, --data-size or --clients, or leave the list tests (lpush, rpush) out";
  await assertRoom(redis, bytes, doing, next);
}

interface Bench {
  ctx: Context;
  settings: BenchSettings;
  signal: AbortSignal;
  program: Program;
  doing: string;
}

async function measureAndClean(
  bench: Bench,
  master: RedisNode,
  replicas: RedisNode[],
): Promise<{ results: BenchResult[]; cleaned: number }> {
  let results: BenchResult[];
  try {
    results = await measureAll(bench, master, replicas);
  } catch (error) {
    await clean(bench).catch((failure: unknown) => bench.ctx.report(leftBehind(failure)));
    throw error;
  }
  return { results, cleaned: await clean(bench) };
}

async function measureAll(bench: Bench, master: RedisNode, replicas: RedisNode[]): Promise<BenchResult[]> {
  const { ctx, settings } = bench;
  const { tests } = settings;
  if (tests.includes("get") || replicas.length > 0) {
    const seed = () =>
      withNode(ctx, master, (redis) => seedKeys(redis, settings, replicas.length), BUSY_DEADLINE_MS);
    await seed();
  }
  const results = await withUser(bench, master, (user) => measureNode(bench, master, "master", tests, user));
  for (const replica of replicas) {
    results.push(
      ...(await withUser(bench, replica, (user) => measureNode(bench, replica, "replica", ["get"], user))),
    );
  }
  return results;
}

async function measureNode(
  bench: Bench,
  node: RedisNode,
  role: BenchResult["role"],
  tests: readonly BenchTest[],
  user: BenchUser | null,
): Promise<BenchResult[]> {
  const results: BenchResult[] = [];
  for (const test of tests) {
    bench.ctx.report(`${test} on ${node.id}`);
    const doing = `${bench.doing}: ${test} on ${node.id}`;
    const args = [...argumentsFor(bench, node, user), ...commandOf(test, bench.settings)];
    const figures = parseCsv(await runProgram(doing, bench.program, args, { signal: bench.signal }));
    if (figures === null) throw new VedetteError(`${doing}: redis-benchmark printed no figures`);
    results.push({ node: node.id, role, test, ...figures });
  }
  return results;
}

function argumentsFor({ program, settings }: Bench, node: RedisNode, user: BenchUser | null): string[] {
  const { host, port } = program.address(node);
  const { requests, clients, pipeline } = settings;
  const login = user === null ? [] : ["--user", user.name, "-a", user.password];
  const load = ["-n", requests, "-c", clients, "-P", pipeline, "-r", keyspace(settings)].map(String);
  return ["-h", host, "-p", String(port), ...login, ...load, "--csv"];
}

/** Without a password there is nothing to hide: redis-benchmark goes in as everybody does. */
async function withUser<T>(
  bench: Bench,
  node: RedisNode,
  use: (user: BenchUser | null) => Promise<T>,
): Promise<T> {
  const { ctx } = bench;
  if (ctx.password === null) return use(null);
  const user = await withNode(ctx, node, addBenchUser, BUSY_DEADLINE_MS);
  try {
    return await use(user);
  } finally {
    await withNode(ctx, node, removeBenchUser, BUSY_DEADLINE_MS).catch((error: unknown) =>
      ctx.report(`the user ${user.name} is still on ${node.id}: ${explain(error)}`),
    );
  }
}

/** On whoever is master by now. */
async function clean({ ctx, doing }: Bench): Promise<number> {
  const master = await requireMaster(ctx, `${doing}: cleaning up`);
  return withNode(ctx, master, cleanKeys, BUSY_DEADLINE_MS);
}

function leftBehind(error: unknown): string {
  return `the benchmark's keys (vedette:bench:*) could not be deleted, the next benchmark will: ${explain(error)}`;
}
