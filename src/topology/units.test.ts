import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatDuration, formatSize, parseDuration, parseSize } from "./units.ts";

describe("durations", () => {
  it.each([
    ["500ms", 500],
    ["5s", 5000],
    ["0.5s", 500],
    ["2m", 120_000],
    ["1h", 3_600_000],
    ["1d", 86_400_000],
    ["0s", 0],
  ])("%s", (text, ms) => expect(parseDuration(text)).toBe(ms));

  it.each(["5", "", "s", "5 s", "-5s", "5S", "5sec", "1.5ms", "5s ", "1e3s", "9999999999999d"])(
    "%j is none",
    (text) => expect(parseDuration(text)).toBeNull(),
  );

  it("writes what it reads", () => {
    fc.assert(
      fc.property(fc.nat(1e9), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms);
      }),
    );
    expect([5000, 90_000, 60_000, 1500].map(formatDuration)).toEqual(["5s", "90s", "1m", "1500ms"]);
  });
});

describe("sizes, as Redis' memtoull reads them", () => {
  it.each([
    ["1024", 1024],
    ["1b", 1],
    ["1k", 1000],
    ["1kb", 1024],
    ["1KB", 1024],
    ["1m", 1_000_000],
    ["256mb", 268_435_456],
    ["1g", 1_000_000_000],
    ["2Gb", 2_147_483_648],
  ])("%s", (text, bytes) => expect(parseSize(text)).toBe(bytes));

  it.each(["1.5gb", "", "mb", "1tb", "-1", "1 mb", "0x10", "99999999999gb"])("%j is none", (text) =>
    expect(parseSize(text)).toBeNull(),
  );

  it("writes what it reads", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => {
        expect(parseSize(formatSize(bytes))).toBe(bytes);
      }),
    );
    expect([10_485_760, 1536, 1000].map(formatSize)).toEqual(["10mb", "1536", "1000"]);
  });
});
