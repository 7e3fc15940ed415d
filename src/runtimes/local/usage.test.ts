import { describe, expect, it } from "vitest";
import { parseProc, parsePs, usageOf } from "./usage.ts";

describe("what a process uses", () => {
  it("is read from /proc, whatever the command is called", () => {
    const stat = "42 (a) b (c) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 5 0 100 1000 300";
    expect(parseProc(stat, "Name:\tx\nVmRSS:\t    2048 kB\n")).toEqual({ rssBytes: 2_097_152, cpuMs: 2000 });
    expect(parseProc(stat, "Name:\tx\n")).toBeNull(); // a kernel thread or a zombie has no memory
  });

  it.each([
    ["  2048 00:01:02\n", { rssBytes: 2_097_152, cpuMs: 62_000 }],
    ["2048   0:00.25", { rssBytes: 2_097_152, cpuMs: 250 }],
    ["1 2-03:04:05", { rssBytes: 1024, cpuMs: ((2 * 24 + 3) * 3600 + 4 * 60 + 5) * 1000 }],
    ["", null],
  ])("is read from ps: %j", (line, expected) => {
    expect(parsePs(line)).toEqual(expected);
  });

  it("is known of ourselves, and not of a process that is gone", () => {
    const usage = usageOf(process.pid);
    expect(usage?.rssBytes).toBeGreaterThan(10_000_000);
    expect(usage?.cpuMs).toBeGreaterThan(0);
    expect(usageOf(2 ** 30)).toBeNull();
  });
});
