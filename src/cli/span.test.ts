import { describe, expect, it } from "vitest";
import { readSpan } from "./span.ts";

const NOW = new Date(2026, 10, 23, 12).getTime();

describe("which part of the history is wanted", () => {
  it.each([
    [{}, { count: 50, since: -Infinity }],
    [{ lines: "3" }, { count: 3, since: -Infinity }],
    [
      { lines: "all", since: "90m" },
      { count: Number.MAX_SAFE_INTEGER, since: NOW - 90 * 60_000 },
    ],
    [{ since: "2026-11-23" }, { count: 50, since: new Date(2026, 10, 23).getTime() }],
    [{ since: "2026-11-23 09:30" }, { count: 50, since: new Date(2026, 10, 23, 9, 30).getTime() }],
    [{ since: "2026-11-23T09:30:00Z" }, { count: 50, since: Date.UTC(2026, 10, 23, 9, 30) }],
  ])("%j", (options, span) => expect(readSpan(options, NOW)).toEqual(span));

  it.each([["0"], ["-1"], ["few"], ["1.5"]])("is not --lines %s", (lines) => {
    expect(() => readSpan({ lines }, NOW)).toThrow(`--lines ${lines}`);
  });

  it.each([["yesterday"], ["5"], ["2026-13-40"], ["09:30"]])("does not begin at %s", (since) => {
    expect(() => readSpan({ since }, NOW)).toThrow(`--since ${since}`);
  });

  it("has all its problems told at once", () => {
    expect(() => readSpan({ lines: "x", since: "y" }, NOW)).toThrow(/--lines x.*--since y/);
  });
});
