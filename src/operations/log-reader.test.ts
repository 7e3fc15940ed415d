import { appendFileSync, mkdtempSync, renameSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { errorCode } from "../errors.ts";
import { LogReader } from "./log-reader.ts";
import { readdirSync } from "node:fs";

let dir: string;
let log: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vedette-log-"));
  log = join(dir, "a.log");
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

/** As the runtime lists them: `.2`, `.1`, then the log itself. */
const files = async () =>
  readdirSync(dir)
    .toSorted((a, b) => b.length - a.length || b.localeCompare(a))
    .map((name) => join(dir, name));
const reader = () => new LogReader("a", files);
const messages = (lines: { message: string }[]) => lines.map(({ message }) => message);
const numbered = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, i) => `line ${from + i}`);
const text = (lines: string[]) => lines.map((line) => `${line}\n`).join("");

describe("the last lines of a log", () => {
  it("reach back into rotated files", async () => {
    writeFileSync(`${log}.2`, text(numbered(1, 3)));
    writeFileSync(`${log}.1`, text(numbered(4, 6)));
    writeFileSync(log, text(numbered(7, 8)));
    expect(messages(await reader().tail(4))).toEqual(numbered(5, 8));
    expect(messages(await reader().tail(99))).toEqual(numbered(1, 8));
    expect(await reader().tail(0)).toEqual([]);
  });

  it("are found in a log much larger than one read", async () => {
    writeFileSync(log, text(numbered(1, 30_000)));
    expect(messages(await reader().tail(20_000))).toEqual(numbered(10_001, 30_000));
  });

  it("are whole: one that is still written comes later, once", async () => {
    writeFileSync(log, "first\nsec");
    const logs = reader();
    expect(messages(await logs.tail(5))).toEqual(["first"]);
    expect(await logs.fresh()).toEqual([]);
    appendFileSync(log, "ond\n");
    expect(messages(await logs.fresh())).toEqual(["second"]);
    expect(await logs.fresh()).toEqual([]);
  });
});

describe("following", () => {
  it("begins with a node that has no log yet", async () => {
    const logs = reader();
    expect(await logs.tail(5)).toEqual([]);
    expect(await logs.fresh()).toEqual([]);
    writeFileSync(log, "born\n");
    expect(messages(await logs.fresh())).toEqual(["born"]);
  });

  it("survives rotation, and what is written to the file that was moved aside", async () => {
    writeFileSync(log, text(["one"]));
    const logs = reader();
    expect(messages(await logs.tail(5))).toEqual(["one"]);
    appendFileSync(log, "two\n");
    renameSync(log, `${log}.1`);
    appendFileSync(`${log}.1`, "three\n");
    writeFileSync(log, "four\n");
    expect(messages(await logs.fresh())).toEqual(["two", "three", "four"]);
    renameSync(`${log}.1`, `${log}.2`);
    renameSync(log, `${log}.1`);
    appendFileSync(`${log}.2`, "five\n");
    expect(messages(await logs.fresh())).toEqual(["five"]);
  });

  it("repeats nothing when a file was renamed while it was being opened", async () => {
    writeFileSync(log, text(["one", "two"]));
    const listings = [[log], [], [`${log}.1`]];
    const logs = new LogReader("a", async () => listings.shift() ?? []);
    expect(messages(await logs.tail(5))).toEqual(["one", "two"]);
    renameSync(log, `${log}.1`);
    expect(await logs.fresh()).toEqual([]);
    expect(await logs.fresh()).toEqual([]);
  });

  it("begins again in a file that was emptied", async () => {
    writeFileSync(log, text(numbered(1, 5)));
    const logs = reader();
    await logs.tail(5);
    truncateSync(log, 0);
    appendFileSync(log, "anew\n");
    expect(messages(await logs.fresh())).toEqual(["anew"]);
  });

  it("passes over a file that went between listing and opening", async () => {
    const logs = new LogReader("a", async () => [join(dir, "gone")]);
    expect(await logs.fresh()).toEqual([]);
  });

  it("says when a log may not be read", async () => {
    const logs = new LogReader("a", async () => [dir]);
    const failure = await logs.fresh().catch((error: unknown) => error);
    expect(errorCode(failure)).toBe("EISDIR");
  });
});
