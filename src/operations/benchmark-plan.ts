import { UsageError } from "../errors.ts";

/** All keys of a benchmark begin with this; nothing else is written, and all of them are deleted afterwards. */
export const BENCH_PREFIX = "vedette:bench:";

export const BENCH_TESTS = ["set", "get", "incr", "lpush", "rpush", "hset", "sadd", "ping"] as const;
export type BenchTest = (typeof BENCH_TESTS)[number];

export interface BenchSettings {
  requests: number;
  clients: number;
  /** Bytes of a value. */
  dataSize: number;
  pipeline: number;
  tests: BenchTest[];
  /** Measure GET on the replicas, too. */
  replicas: boolean;
}

/** As typed: every number is text still. */
export interface BenchWords {
  requests?: string;
  clients?: string;
  dataSize?: string;
  pipeline?: string;
  tests?: string;
  replicas?: boolean;
}

/** The value goes on redis-benchmark's command line, where Linux allows one argument 128 KiB. */
const LARGEST_VALUE = 100_000;

/** Throws a UsageError that names the option and what it takes. */
export function readSettings(words: BenchWords): BenchSettings {
  return {
    requests: whole("--requests", words.requests, 100_000, 1_000_000_000),
    clients: whole("--clients", words.clients, 50, 10_000),
    dataSize: whole("--data-size", words.dataSize, 64, LARGEST_VALUE),
    pipeline: whole("--pipeline", words.pipeline, 1, 10_000),
    tests: testNames(words.tests ?? "set,get"),
    replicas: words.replicas === true,
  };
}

function whole(option: string, text: string | undefined, fallback: number, most: number): number {
  if (text === undefined) return fallback;
  const value = /^\d{1,12}$/.test(text) ? Number(text) : 0;
  if (value >= 1 && value <= most) return value;
  throw new UsageError(`reading ${option} ${text}: it takes a whole number from 1 to ${most}`);
}

function testNames(text: string): BenchTest[] {
  const names = text.split(",").map((name) => name.trim().toLowerCase());
  const unknown = names.filter((name) => !isTest(name));
  const known = names.filter(isTest);
  if (unknown.length === 0) return BENCH_TESTS.filter((name) => known.includes(name));
  throw new UsageError(
    `reading --tests ${text}: there is no test ${unknown.map((name) => `"${name}"`).join(", ")}`,
    {
      next: `the tests are ${BENCH_TESTS.join(",")}`,
    },
  );
}

function isTest(name: string): name is BenchTest {
  return BENCH_TESTS.some((test) => test === name);
}

/** Different keys, fields or members that a test writes: enough to miss the CPU's caches, few enough to clean up. */
export function keyspace({ requests }: BenchSettings): number {
  return Math.min(requests, 10_000);
}

/** What redis-benchmark sends; it replaces `__rand_int__` by twelve digits below the keyspace. */
export function commandOf(test: BenchTest, { dataSize }: BenchSettings): string[] {
  const value = "x".repeat(dataSize);
  const any = "__rand_int__";
  const commands: Record<BenchTest, string[]> = {
    set: ["SET", `${BENCH_PREFIX}key:${any}`, value],
    get: ["GET", `${BENCH_PREFIX}key:${any}`],
    incr: ["INCR", `${BENCH_PREFIX}counter:${any}`],
    lpush: ["LPUSH", `${BENCH_PREFIX}left`, value],
    rpush: ["RPUSH", `${BENCH_PREFIX}right`, value],
    hset: ["HSET", `${BENCH_PREFIX}hash`, `field:${any}`, value],
    sadd: ["SADD", `${BENCH_PREFIX}set`, `member:${any}`],
    ping: ["PING"],
  };
  return commands[test];
}

/** The n-th key that SET writes and GET reads, as redis-benchmark makes it from `__rand_int__`. */
export function benchKey(number: number): string {
  return `${BENCH_PREFIX}key:${String(number).padStart(12, "0")}`;
}

/** Redis' own bookkeeping for a key with its table entry, a list element, and a field or member: bytes, generous. */
const KEY_OVERHEAD = 150;
const ELEMENT_OVERHEAD = 20;
const FIELD_OVERHEAD = 120;
/** jemalloc rounds up to the next size class, at most a quarter more. */
const ROUNDING = 1.25;
/** A connection's buffers before any command is in them: bytes. */
const CLIENT_BYTES = 40_000;

/** The most memory that a benchmark may take on the master: bytes. */
export function estimateBytes(settings: BenchSettings): number {
  const { requests, clients, dataSize, pipeline, tests, replicas } = settings;
  const keys = keyspace(settings);
  const value = dataSize * ROUNDING;
  const written: Record<BenchTest, number> = {
    set: keys * (value + KEY_OVERHEAD),
    get: keys * (value + KEY_OVERHEAD),
    incr: keys * KEY_OVERHEAD,
    lpush: requests * (value + ELEMENT_OVERHEAD),
    rpush: requests * (value + ELEMENT_OVERHEAD),
    hset: keys * (value + FIELD_OVERHEAD),
    sadd: keys * FIELD_OVERHEAD,
    ping: 0,
  };
  // SET and GET share their keys.
  const all = new Set<BenchTest>(replicas ? [...tests, "get"] : tests);
  if (all.has("set")) all.delete("get");
  const data = [...all].reduce((sum, test) => sum + written[test], 0);
  return Math.ceil(data + clients * (CLIENT_BYTES + 2 * pipeline * (dataSize + 100)));
}

/** RESP's lengths and line ends around a command of four words: bytes. */
const RESP_OVERHEAD = 50;

/**
 * What the master sends to its replicas meanwhile: bytes. The replication backlog takes it in until it is full, and
 * Redis counts the backlog when it decides whether to evict.
 */
export function trafficBytes(settings: BenchSettings): number {
  const writing = settings.tests.filter((test) => test !== "get" && test !== "ping");
  const each = (test: BenchTest) => commandOf(test, settings).join("").length + RESP_OVERHEAD;
  const seeded = settings.tests.includes("get") || settings.replicas ? keyspace(settings) * each("set") : 0;
  return seeded + writing.reduce((sum, test) => sum + settings.requests * each(test), 0);
}

/** redis-benchmark's figures of one run. */
export interface BenchFigures {
  requestsPerSecond: number;
  p50Ms: number | null;
  p95Ms: number | null;
  p99Ms: number | null;
  maxMs: number | null;
}

/**
 * Reads `redis-benchmark --csv`: the last line with figures. The test's own title, which is the whole command, may
 * hold anything. Null when there is no such line. Before Redis 6.2 there are no latencies.
 */
export function parseCsv(text: string): BenchFigures | null {
  const lines = text.split("\n").map((line) => line.trim());
  const figures = lines.findLast((line) => /,"[\d.]+"$/.test(line));
  if (figures === undefined) return null;
  const columns = [...figures.matchAll(/,"([\d.]+)"/g)].map((match) => Number(match[1]));
  // rps, avg, min, p50, p95, p99, max
  const [rps, , , p50, p95, p99, max] = columns.length >= 7 ? columns.slice(-7) : columns.slice(-1);
  if (rps === undefined || !Number.isFinite(rps)) return null;
  return {
    requestsPerSecond: rps,
    p50Ms: p50 ?? null,
    p95Ms: p95 ?? null,
    p99Ms: p99 ?? null,
    maxMs: max ?? null,
  };
}
