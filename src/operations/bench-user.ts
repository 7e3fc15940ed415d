import { randomBytes } from "node:crypto";
import type { RedisConnection } from "../redis/client.ts";
import { BENCH_PREFIX } from "./benchmark-plan.ts";

/** Fixed, so that the next benchmark replaces what a killed one left. */
const NAME = "vedette-benchmark";

const COMMANDS = ["set", "get", "incr", "lpush", "rpush", "hset", "sadd", "ping", "auth", "hello", "select"];

export interface BenchUser {
  name: string;
  password: string;
}

/**
 * Gives redis-benchmark a login of its own. It takes passwords on its command line only, which everybody on the
 * machine can read: so it gets one that is made up for this run, opens nothing but the benchmark's own keys, and
 * is gone afterwards.
 */
export async function addBenchUser(redis: RedisConnection): Promise<BenchUser> {
  const password = randomBytes(24).toString("hex");
  const rules = [
    "reset",
    "on",
    `>${password}`,
    `~${BENCH_PREFIX}*`,
    ...COMMANDS.map((command) => `+${command}`),
  ];
  await redis.call("ACL", "SETUSER", NAME, ...rules);
  return { name: NAME, password };
}

export async function removeBenchUser(redis: RedisConnection): Promise<void> {
  await redis.call("ACL", "DELUSER", NAME);
}
