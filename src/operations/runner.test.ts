import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import { VedetteError } from "../errors.ts";
import { LocalRuntime } from "../runtimes/local/local-runtime.ts";
import { context, type Context } from "./context.ts";
import { readHistory } from "./history.ts";
import { run } from "./runner.ts";
import type { Step } from "./steps.ts";

let dir: string;
let ctx: Context;
let notes: string[];
/** Nodes as they were started; "bad" cannot be. */
let started: string[];
/** What the journal said as each node was started. */
let journals: unknown[];

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), "vedette-run-")), "state");
  const topology = { ...seedCluster().topology, stateDir: dir };
  const runtime = new LocalRuntime(topology, null);
  notes = [];
  started = [];
  journals = [];
  runtime.start = async (node) => {
    journals.push(journal());
    if (node === "bad") throw new Error("no such program");
    if (node === "refused") throw new VedetteError("starting refused: it is not wanted");
    started.push(node);
    return { pid: 7, already: false };
  };
  ctx = context(topology, runtime, null, (line) => notes.push(line));
});

const start = (node: string): Step => ({ do: "start", node, force: false });

function journal(): { state: string; error: string | null; steps: { done: boolean }[] } {
  return JSON.parse(readFileSync(join(dir, "plans", "last.json"), "utf8"));
}

describe("the runner", () => {
  it("runs steps in order and notes the whole plan before the first, and each step as it is done", async () => {
    await run(ctx, "up", 3, [start("a"), start("b")]);
    expect(started).toEqual(["a", "b"]);
    expect(journals).toMatchObject([
      {
        operation: "up",
        token: 3,
        state: "running",
        steps: [
          { node: "a", done: false },
          { node: "b", done: false },
        ],
      },
      {
        state: "running",
        steps: [
          { node: "a", done: true },
          { node: "b", done: false },
        ],
      },
    ]);
    expect(journal()).toMatchObject({ state: "done", steps: [{ done: true }, { done: true }] });
    expect(readHistory(join(dir, "history.jsonl"))).toMatchObject([{ kind: "operation", cause: "up: done" }]);
  });

  it("stops at the first step that fails, and says which", async () => {
    const failure = run(ctx, "up", 1, [start("a"), start("bad"), start("b")]);
    await expect(failure).rejects.toThrow(VedetteError);
    await expect(failure).rejects.toThrow("up: could not start bad");
    expect(started).toEqual(["a"]);
    expect(journal()).toMatchObject({ state: "failed", error: "up: could not start bad: no such program" });
    expect(journal().steps.map(({ done }) => done)).toEqual([true, false, false]);
  });

  it("passes on what is explained already", async () => {
    await expect(run(ctx, "up", 1, [start("refused")])).rejects.toThrow(
      /^starting refused: it is not wanted$/,
    );
  });

  it("tells the next operation that one was cut short", async () => {
    await run(ctx, "up", 1, [start("a"), start("b")]);
    const file = join(dir, "plans", "last.json");
    const cut = {
      ...journal(),
      state: "running",
      steps: journal().steps.map((step, i) => ({ ...step, done: i === 0 })),
    };
    writeFileSync(file, JSON.stringify(cut));
    notes = [];
    await run(ctx, "down", 2, []);
    expect(notes).toEqual([expect.stringContaining("`up`, was cut short before it could start b")]);
  });

  it("says why it failed even where the journal cannot be written", async () => {
    ctx.runtime.start = async () => {
      rmSync(dir, { recursive: true });
      writeFileSync(dir, "a file in the place of the directory");
      throw new VedetteError("the real reason");
    };
    await expect(run(ctx, "up", 1, [start("a")])).rejects.toThrow("the real reason");
    expect(notes).toEqual([expect.stringMatching(/could not write the journal: E(NOTDIR|EXIST)/)]);
  });

  it("leaves nothing behind of what it deletes", async () => {
    mkdirSync(join(dir, "run"), { recursive: true });
    await run(ctx, "clean", 1, [{ do: "delete", what: { kind: "path", name: dir } }]);
    expect(existsSync(dir)).toBe(false);
  });
});
