import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { VedetteError } from "../errors.ts";
import { COMMANDS } from "./commands.ts";
import type { Invocation } from "./command.ts";
import { confirm, confirmByName, json, type Io } from "./io.ts";
import { main } from "./main.ts";

let out: string;
let notes: string;
let io: Io;
beforeEach(() => {
  out = "";
  notes = "";
  io = {
    out: (text) => void (out += text.endsWith("\n") ? text : `${text}\n`),
    note: (text) => void (notes += `${text}\n`),
    colour: false,
    interactive: false,
    terminal: false,
    columns: 100,
  };
});
afterEach(() => vi.restoreAllMocks());

/** Replaces what a command does; gives what it was called with. */
function stub(usage: string, run: (invocation: Invocation) => Promise<number> = async () => 0): Invocation[] {
  const calls: Invocation[] = [];
  const spec = COMMANDS.find((each) => each.usage === usage);
  if (spec === undefined) throw new Error(`no command ${usage}`);
  vi.spyOn(spec, "load").mockResolvedValue({
    run: async (invocation) => {
      calls.push(invocation);
      return run(invocation);
    },
  });
  return calls;
}

describe("exit codes", () => {
  it("are the command's own", async () => {
    stub("health", async () => 1);
    expect(await main(["health"], io)).toBe(1);
    expect(notes).toBe("");
  });

  it.each([
    [["nonsense"], /unknown command 'nonsense'/],
    [["statsu"], /did you mean status/i],
    [["status", "--nonsense"], /unknown option '--nonsense'/],
    [["start"], /missing required argument 'node'/],
    [["config"], /a subcommand is missing/],
    [["config", "nonsense"], /unknown command 'nonsense'/],
    [["logs", "-n"], /argument missing/],
  ])("are 2 for the wrong command line %j, explained on stderr", async (argv, text) => {
    expect(await main(argv, io)).toBe(2);
    expect(notes).toMatch(text);
    expect(notes).toContain("vedette --help");
    expect(out).toBe("");
  });

  it("are 2 without a command, with help", async () => {
    expect(await main([], io)).toBe(2);
    expect(out).toContain("Usage: vedette");
  });

  it.each([[["--help"]], [["up", "--help"]], [["--version"]], [["-V"]]])(
    "are 0 for %j, on stdout",
    async (argv) => {
      expect(await main(argv, io)).toBe(0);
      expect(out).not.toBe("");
      expect(notes).toBe("");
    },
  );

  it("are 2 for a topology file with problems and for one that is not there", async () => {
    const file = join(mkdtempSync(join(tmpdir(), "vedette-cli-")), "it's.yaml");
    expect(await main(["status", "-f", file], io)).toBe(2);
    writeFileSync(file, "redis: { prot: 1 }\n");
    expect(await main(["-f", file, "status"], io)).toBe(2);
    expect(notes).toContain("prot");
  });
});

describe("errors", () => {
  const failing = (error: Error) =>
    stub("ps", async () => {
      throw error;
    });

  it("say what to do next, and leave stdout to results", async () => {
    failing(new VedetteError("starting a: it failed", { cause: new Error("no disk"), next: "buy one" }));
    expect(await main(["ps", "--json"], io)).toBe(1);
    expect(notes).toBe("vedette: starting a: it failed: no disk\n  buy one\n");
    expect(out).toBe("");
  });

  it("that nobody foresaw are called a bug, those of the system are not", async () => {
    failing(new TypeError("x is not a function"));
    expect(await main(["ps"], io)).toBe(1);
    expect(notes).toContain("this is a bug in vedette");
    notes = "";
    failing(Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" }));
    expect(await main(["ps"], io)).toBe(1);
    expect(notes).toBe("vedette: EACCES: permission denied\n");
  });

  it("show where they come from only with --debug", async () => {
    failing(new VedetteError("it failed"));
    await main(["ps"], io);
    expect(notes).not.toContain("main.test.ts");
    await main(["ps", "--debug"], io);
    expect(notes).toContain("main.test.ts");
  });
});

describe("the command line", () => {
  it("takes global options before and behind the command", async () => {
    const calls = stub("down");
    await main(["-f", "a.yaml", "down", "--yes", "--json"], io);
    expect(calls[0]?.options).toMatchObject({ file: "a.yaml", yes: true, json: true });
  });

  it("hands over what stands behind `--` untouched", async () => {
    const calls = stub("connect [node]");
    await main(["connect", "redis-slave-1", "--", "SET", "--json", "connect-slave-1"], io);
    expect(calls[0]).toMatchObject({ args: ["redis-slave-1"], rest: ["SET", "--json", "connect-slave-1"] });
    expect(calls[0]?.options.json).toBeUndefined();
  });

  it.each([
    ["connect-slave-12", "redis-slave-12"],
    ["connect-sentinel-1", "redis-sentinel-1"],
  ])("knows %s", async (word, node) => {
    const calls = stub("connect [node]");
    await main([word, "--", "PING"], io);
    expect(calls[0]).toMatchObject({ args: [node], rest: ["PING"] });
  });

  it("takes several nodes, and commands of two words", async () => {
    const logs = stub("logs [nodes...]");
    await main(["logs", "redis-master", "redis-slave-1", "-F"], io);
    expect(logs[0]).toMatchObject({ args: ["redis-master", "redis-slave-1"], options: { follow: true } });
    const show = stub("config show");
    await main(["config", "show", "--json"], io);
    expect(show).toHaveLength(1);
  });
});

describe("questions", () => {
  it("are not asked with --yes, and refuse to go on where nobody can be asked", async () => {
    expect(await confirm(io, true, "Sure?")).toBe(true);
    expect(await confirmByName(io, true, "All gone.", "mymaster")).toBe(true);
    await expect(confirm(io, false, "Sure?")).rejects.toMatchObject({ exitCode: 2 });
    await expect(confirmByName(io, false, "All gone.", "mymaster")).rejects.toThrow(/no terminal to ask at/);
  });

  it("are answered by typing exactly the name", async () => {
    const answers = ["mymaster", "MYMASTER", null];
    vi.doMock("./prompts.ts", () => ({ askYes: async () => false, askWord: async () => answers.shift() }));
    const asked = { ...io, interactive: true };
    expect(await confirmByName(asked, false, "All gone.", "mymaster")).toBe(true);
    expect(await confirmByName(asked, false, "All gone.", "mymaster")).toBe(false);
    expect(await confirmByName(asked, false, "All gone.", "mymaster")).toBe(false);
    expect(await confirm(asked, false, "Sure?")).toBe(false);
    vi.doUnmock("./prompts.ts");
  });
});

it("JSON goes to stdout in one piece", () => {
  json(io, { schema: 1, text: "a\nb" });
  expect(JSON.parse(out)).toEqual({ schema: 1, text: "a\nb" });
});
