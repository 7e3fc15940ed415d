import { VedetteError } from "../errors.ts";
import type { RedisConnection } from "../redis/client.ts";
import { BENCH_PREFIX, benchKey, keyspace, type BenchSettings } from "./benchmark-plan.ts";

const BATCH = 500;
const SCAN_COUNT = 1_000;
/** A SCAN may pass over a data set of any size; each of its steps is short. */
const STEP_DEADLINE_MS = 5_000;
/** How long replicas may take to have the keys that they are going to be read from: ms. */
const REPLICATION_DEADLINE_MS = 10_000;

/** Writes every key that GET may ask for, so that what is measured are hits, and waits until `replicas` have them. */
export async function seedKeys(
  redis: RedisConnection,
  settings: BenchSettings,
  replicas: number,
): Promise<void> {
  const value = "x".repeat(settings.dataSize);
  const count = keyspace(settings);
  for (let from = 0; from < count; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - from) }, (_, at) => from + at);
    const replies = await redis.callAll(
      numbers.map((number) => ["SET", benchKey(number), value] as const),
      STEP_DEADLINE_MS,
    );
    const refused = replies.find((reply) => reply instanceof Error);
    if (refused !== undefined) throw new VedetteError("writing the benchmark's keys", { cause: refused });
  }
  if (replicas === 0) return;
  const waited = REPLICATION_DEADLINE_MS + STEP_DEADLINE_MS;
  const reached = Number(await redis.callWithin(waited, "WAIT", replicas, REPLICATION_DEADLINE_MS));
  if (reached >= replicas) return;
  throw new VedetteError(
    `writing the benchmark's keys: after ${REPLICATION_DEADLINE_MS / 1000} s only ${reached} of ${replicas} replicas have them`,
    { next: "type `vedette status` to see which replica lags, or leave --replicas out" },
  );
}

/** Deletes every key of this and of earlier benchmarks; returns how many there were. */
export async function cleanKeys(redis: RedisConnection): Promise<number> {
  let cursor = "0";
  let deleted = 0;
  do {
    const scan = ["MATCH", `${BENCH_PREFIX}*`, "COUNT", SCAN_COUNT] as const;
    const reply = await redis.callWithin(STEP_DEADLINE_MS, "SCAN", cursor, ...scan);
    const [next, keys] = Array.isArray(reply) ? (reply as unknown[]) : [];
    cursor = typeof next === "string" ? next : "0";
    const found = Array.isArray(keys) ? keys.map(String) : [];
    if (found.length > 0) deleted += Number(await redis.callWithin(STEP_DEADLINE_MS, "UNLINK", ...found));
  } while (cursor !== "0");
  return deleted;
}
