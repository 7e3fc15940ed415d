import prettyBytes from "pretty-bytes";
import { VedetteError } from "../errors.ts";
import type { RedisConnection } from "../redis/client.ts";
import { memoryInfo, parseInfo, type MemoryInfo } from "../redis/info.ts";

/** Above this share of maxmemory even one small key may push a user's key out. */
const FULL = 0.99;

/** Why `bytes` more on this server would cost a user data (eviction) or writes (OOM), or null when they fit. */
export function overflows(memory: MemoryInfo, bytes: number): string | null {
  const { usedBytes, maxBytes, policy } = memory;
  if (maxBytes === null || maxBytes === 0 || usedBytes === null) return null;
  const left = Math.max(0, maxBytes * FULL - usedBytes);
  if (bytes <= left) return null;
  const harm =
    policy === "noeviction"
      ? "writes of others would be refused (noeviction)"
      : `${policy} would evict keys of others`;
  return `it may write ${size(bytes)} and ${size(usedBytes)} of maxmemory ${size(maxBytes)} are in use: ${harm}`;
}

/** Refuses to write `bytes` of test data on a server where that could harm what others keep there. */
export async function assertRoom(
  redis: RedisConnection,
  bytes: number,
  doing: string,
  next: string,
): Promise<void> {
  const info = await redis.call("INFO", "memory");
  const why = overflows(memoryInfo(parseInfo(String(info))), bytes);
  if (why !== null) throw new VedetteError(`${doing}: ${why}; nothing was written`, { next });
}

function size(bytes: number): string {
  return prettyBytes(Math.round(bytes), { binary: true });
}
