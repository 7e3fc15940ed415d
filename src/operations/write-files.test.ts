import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { compareFiles, createFile, writeFiles } from "./write-files.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vedette-files-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const bundle = [
  { path: "a.conf", content: "a\n" },
  { path: "b.conf", content: "b\n" },
];

describe("writing a bundle", () => {
  it("writes what differs, says what it did, and leaves other files alone", () => {
    const config = join(dir, "config");
    expect(writeFiles(config, bundle).map(({ what }) => what)).toEqual(["new", "new"]);
    writeFileSync(join(config, "a.conf"), "edited\n");
    writeFileSync(join(config, "mine.txt"), "mine\n");
    const untouched = statSync(join(config, "b.conf")).ino;
    expect(writeFiles(config, bundle)).toEqual([
      { path: "a.conf", what: "changed" },
      { path: "b.conf", what: "unchanged" },
    ]);
    expect(readFileSync(join(config, "a.conf"), "utf8")).toBe("a\n");
    expect(statSync(join(config, "b.conf")).ino).toBe(untouched);
    expect(readdirSync(config).toSorted()).toEqual(["a.conf", "b.conf", "mine.txt"]);
  });

  it("only compares when it is to write nothing", () => {
    expect(compareFiles(join(dir, "config"), bundle).map(({ what }) => what)).toEqual(["new", "new"]);
    expect(readdirSync(dir)).toEqual([]);
  });

  it("says what stands in its way", () => {
    mkdirSync(join(dir, "a.conf"));
    expect(() => writeFiles(dir, bundle)).toThrow(`reading ${join(dir, "a.conf")}`);
  });
});

describe("making a file", () => {
  it("never replaces one that is there", () => {
    const file = join(dir, "vedette.yaml");
    expect(createFile(file, "one")).toBe(true);
    expect(createFile(file, "two")).toBe(false);
    expect(readFileSync(file, "utf8")).toBe("one");
  });
});
