import { expect, it } from "vitest";
import { parseInfo, memoryInfo } from "../redis/info.ts";
import { overflows } from "./headroom.ts";

const memory = (used: number, max: number, policy: string) =>
  memoryInfo(
    parseInfo(`# Memory\r\nused_memory:${used}\r\nmaxmemory:${max}\r\nmaxmemory_policy:${policy}\r\n`),
  );

it("lets what fits be written, and anything where there is no limit", () => {
  expect(overflows(memory(50_000_000, 100_000_000, "allkeys-lru"), 40_000_000)).toBeNull();
  expect(overflows(memory(50_000_000, 0, "allkeys-lru"), 1e12)).toBeNull();
});

it("refuses what would evict, with the numbers", () => {
  const why = overflows(memory(52_428_800, 104_857_600, "allkeys-lru"), 62_914_560);
  expect(why).toBe(
    "it may write 60 MiB and 50 MiB of maxmemory 100 MiB are in use: allkeys-lru would evict keys of others",
  );
});

it("refuses a single small key on a server that is full", () => {
  expect(overflows(memory(99_500_000, 100_000_000, "volatile-ttl"), 1_000)).toContain(
    "volatile-ttl would evict",
  );
  expect(overflows(memory(99_500_000, 100_000_000, "noeviction"), 1_000)).toContain("would be refused");
});
