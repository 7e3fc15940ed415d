import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { VedetteError } from "../../errors.ts";
import { createExclusive, makeDir, readJson, readText, replaceFile, replaceJson } from "./files.ts";

const disk = vi.hoisted(() => ({ refuses: null as string | null }));
vi.mock("write-file-atomic", async (original) => {
  type Atomic = { sync(file: string, text: string, options: object): void };
  const { default: real } = await original<{ default: Atomic }>();
  const sync: Atomic["sync"] = (...args) => {
    if (disk.refuses === null) return real.sync(...args);
    throw Object.assign(new Error(`${disk.refuses}: it refuses`), { code: disk.refuses });
  };
  return { default: { sync } };
});

let dir: string;
beforeEach(() => {
  disk.refuses = null;
  dir = mkdtempSync(join(tmpdir(), "vedette-files-"));
});

describe("files", () => {
  it("are their owner's alone, and so are the directories made for them", () => {
    const file = join(dir, "a b", "it's");
    replaceFile(file, "x");
    expect(readText(file)).toBe("x");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(dir, "a b")).mode & 0o777).toBe(0o700);
    expect(readdirSync(join(dir, "a b"))).toEqual(["it's"]);
  });

  it("read as nothing where there is none, also below a file", () => {
    writeFileSync(join(dir, "file"), "");
    expect(readText(join(dir, "none"))).toBeNull();
    expect(readText(join(dir, "file", "below"))).toBeNull();
    expect(() => readText(dir)).toThrow("EISDIR");
  });

  it("hold JSON, or nothing when they are damaged", () => {
    replaceJson(join(dir, "x.json"), { a: [1] });
    expect(readJson(join(dir, "x.json"))).toEqual({ a: [1] });
    writeFileSync(join(dir, "x.json"), '{ "a": [1');
    expect(readJson(join(dir, "x.json"))).toBeNull();
    expect(readJson(join(dir, "none.json"))).toBeNull();
  });

  it("are made by one of two, and leave nothing beside them", () => {
    const file = join(dir, "claim");
    expect(createExclusive(file, "first")).toBe(true);
    expect(createExclusive(file, "second")).toBe(false);
    expect(readText(file)).toBe("first");
    expect(readdirSync(dir)).toEqual(["claim"]);
  });

  it.each(["EACCES", "EROFS", "ENOSPC"])("that the disk refuses (%s) are explained", (code) => {
    disk.refuses = code;
    const file = join(dir, "wanted.json");
    const write = () => replaceFile(file, "x");
    expect(write).toThrow(VedetteError);
    expect(write).toThrow(`writing ${file}`);
    try {
      write();
    } catch (error) {
      expect(error instanceof VedetteError && error.next).toBeTruthy();
    }
  });

  it("that fail in a way nobody foresaw are left to tell it themselves", () => {
    disk.refuses = "EMFILE";
    expect(() => replaceFile(join(dir, "x"), "x")).toThrow("EMFILE: it refuses");
  });

  it("need a directory, which may be there already", () => {
    mkdirSync(join(dir, "there"));
    makeDir(join(dir, "there"));
    makeDir(join(dir, "there", "deep", "er"));
    expect(existsSync(join(dir, "there", "deep", "er"))).toBe(true);
  });
});
