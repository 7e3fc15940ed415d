import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SCENARIOS } from "../../operations/drill/scenarios.ts";
import type { Io } from "../io.ts";
import { main } from "../main.ts";

let dir: string;
let out: string;
let notes: string;
let io: Io;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vedette-drill-"));
  out = notes = "";
  io = {
    out: (text) => void (out += text),
    note: (text) => void (notes += `${text}\n`),
    colour: false,
    interactive: false,
    terminal: false,
    columns: 100,
  };
});
afterEach(() => rmSync(dir, { recursive: true }));

function drill(topology: string, ...args: string[]): Promise<number> {
  const file = join(dir, "vedette.yaml");
  writeFileSync(file, topology);
  return main(["drill", ...args, "-f", file], io);
}

describe("vedette drill", () => {
  it("on production wants the name typed, whatever --yes says", async () => {
    expect(await drill("production: true\n", "kill", "--yes")).toBe(2);
    expect(notes).toMatch(/drill kill on mymaster: it is marked as production, and its name must be typed/);
    expect(notes).toMatch(/--sandbox; nothing was touched/);
    expect(existsSync(join(dir, ".vedette"))).toBe(false);
  });

  it("asks elsewhere, and without anybody to ask wants --yes", async () => {
    expect(await drill("", "all")).toBe(2);
    expect(notes).toMatch(/there is no terminal to ask at/);
  });

  it("lists what can be practised", async () => {
    expect(await drill("", "--list")).toBe(0);
    for (const { id, title } of SCENARIOS) expect(out).toMatch(new RegExp(`^${id} +${title}$`, "m"));
    expect(Math.max(...out.split("\n").map((line) => line.length))).toBeLessThanOrEqual(100);
    out = "";
    expect(await drill("", "--list", "--json", "-")).toBe(0);
    expect(JSON.parse(out).scenarios).toHaveLength(SCENARIOS.length);
  });

  it.each([
    [[], /choosing a drill: which one\?/],
    [["killl"], /there is none called killl/],
    [["kill", "--runs", "0"], /reading --runs 0/],
    [["kill", "--runs", "2.5"], /reading --runs 2.5/],
  ])("refuses %j", async (args, text) => {
    expect(await drill("", ...args, "--yes")).toBe(2);
    expect(notes).toMatch(text);
  });
});
