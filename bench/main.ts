import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { adopted } from "./adopted.ts";
import { clients } from "./clients.ts";
import { durability } from "./durability.ts";
import { failover } from "./failover.ts";
import { met, type Figure } from "./figures.ts";
import { table } from "./report.ts";
import { Scratch, type Bench } from "./scratch.ts";
import { status } from "./status.ts";
import { steward } from "./steward.ts";
import { switchover } from "./switchover.ts";
import { throughput } from "./throughput.ts";
import { up } from "./up.ts";

const BENCHES: Record<string, (bench: Bench) => Promise<Figure[]>> = {
  throughput,
  up,
  status,
  steward,
  adopted,
  switchover,
  failover,
  clients,
  durability,
};
const RUNS = 5;
const QUICK_RUNS = 2;

interface Wish {
  names: string[];
  runs: number;
  quick: boolean;
  markdown: boolean;
}

/** Returns the exit code: a missed target is a figure like any other, and no failure. */
export async function main(args: string[], root: string): Promise<number> {
  const wish = readArgs(args);
  if (wish === null) return 2;
  const scratch = new Scratch();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => void scratch.end().then(() => process.exit(1)));
  }
  try {
    const figures = await measureAll(wish, scratch);
    writeResults(figures, wish, root);
    process.stdout.write(`${table(figures, wish.markdown)}\n`);
    return 0;
  } catch (error) {
    if (!scratch.interrupted.aborted) throw error;
    note("interrupted");
    return 1;
  } finally {
    await scratch.end();
  }
}

async function measureAll(wish: Wish, scratch: Scratch): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const name of wish.names) {
    note(`${name} ...`);
    const bench = { runs: wish.runs, quick: wish.quick, scratch, note: (line: string) => note(`  ${line}`) };
    figures.push(...((await BENCHES[name]?.(bench)) ?? []));
  }
  return figures;
}

function readArgs(args: string[]): Wish | null {
  const { values } = parseArgs({
    args,
    options: {
      only: { type: "string", multiple: true },
      runs: { type: "string" },
      quick: { type: "boolean", default: false },
      markdown: { type: "boolean", default: false },
    },
  });
  const names = values.only ?? Object.keys(BENCHES);
  const unknown = names.filter((name) => !Object.hasOwn(BENCHES, name));
  const runs = Number(values.runs ?? (values.quick ? QUICK_RUNS : RUNS));
  if (unknown.length === 0 && Number.isInteger(runs) && runs > 0) {
    return { names, runs, quick: values.quick, markdown: values.markdown };
  }
  note(unknown.length > 0 ? `bench: no bench ${unknown.join(", ")}` : "bench: --runs takes a whole number");
  note(
    `usage: npm run bench -- [--only ${Object.keys(BENCHES).join("|")}] [--runs N] [--quick] [--markdown]`,
  );
  return null;
}

function writeResults(figures: readonly Figure[], wish: Wish, root: string): void {
  const at = new Date().toISOString();
  const file = join(root, "bench", "results", `${at.replaceAll(":", "-").slice(0, 19)}.json`);
  const machine = {
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    platform: `${process.platform} ${process.arch}`,
    node: process.versions.node,
    redis:
      /v=([\d.]+)/.exec(execFileSync("redis-server", ["--version"], { encoding: "utf8" }))?.[1] ?? "unknown",
  };
  const judged = figures.map((figure) => ({ ...figure, met: met(figure) }));
  mkdirSync(join(root, "bench", "results"), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ schema: 1, at, machine, ...wish, figures: judged }, null, 2)}\n`);
  note(`written to ${relative(root, file)}`);
}

function note(line: string): void {
  process.stderr.write(`${line}\n`);
}
