import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { logFilesOf, rotateLog } from "./log-files.ts";

let log: string;
beforeEach(() => {
  log = join(mkdtempSync(join(tmpdir(), "vedette-log-")), "a.log");
});

function contents(): string[] {
  return logFilesOf(log).map((file) => readFileSync(file, "utf8"));
}

describe("logs", () => {
  it("are moved aside once they are too long, and the oldest goes", () => {
    for (const text of ["one", "two", "three", "four"]) {
      writeFileSync(log, text);
      expect(rotateLog(log, 2, 2)).toBe(true);
    }
    expect(contents()).toEqual(["three", "four"]);
    expect(existsSync(`${log}.3`)).toBe(false);
    writeFileSync(log, "five");
    expect(contents()).toEqual(["three", "four", "five"]);
  });

  it("are left alone up to the limit, and when there are none", () => {
    expect(rotateLog(log, 2, 2)).toBe(false);
    writeFileSync(log, "ab");
    expect(rotateLog(log, 2, 2)).toBe(false);
    expect(contents()).toEqual(["ab"]);
  });

  it("may be kept not at all, or once", () => {
    writeFileSync(log, "long");
    expect(rotateLog(log, 2, 0)).toBe(true);
    expect(logFilesOf(log)).toEqual([]);
    for (const text of ["one", "two"]) {
      writeFileSync(log, text);
      rotateLog(log, 2, 1);
    }
    expect(contents()).toEqual(["two"]);
  });
});
