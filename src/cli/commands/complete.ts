import { readdirSync } from "node:fs";
import { loadTopology } from "../../topology/load.ts";
import type { Invocation } from "../command.ts";
import { completions, type Known } from "../completions.ts";

/** `vedette complete -- WORDS`: what the shell's completion script calls at every press of the Tab key. */
export async function run({ rest }: Invocation): Promise<number> {
  // Behind a second `--` stands redis-cli's business.
  if (rest.slice(0, -1).includes("--")) return 0;
  completions(whatIsKnown(rest)).parse([...rest]);
  return 0;
}

/** Never fails: with a broken topology file there is simply less to offer. */
function whatIsKnown(words: readonly string[]): Known {
  const files = attempt(() => readdirSync(".").filter((name) => /\.ya?ml$/.test(name)), []);
  return attempt(
    () => {
      const { redis, sentinel } = loadTopology(fileIn(words), process.cwd()).topology;
      return { redis: redis.nodes.map(({ id }) => id), sentinels: sentinel.nodes.map(({ id }) => id), files };
    },
    { redis: [], sentinels: [], files },
  );
}

/** The topology file that the unfinished command line names. */
function fileIn(words: readonly string[]): string | null {
  const at = words.findIndex((word) => word === "-f" || word === "--file");
  if (at >= 0 && at + 1 < words.length - 1) return words[at + 1] ?? null;
  return words.find((word) => word.startsWith("--file="))?.slice("--file=".length) ?? null;
}

function attempt<T>(work: () => T, otherwise: T): T {
  try {
    return work();
  } catch {
    return otherwise;
  }
}
