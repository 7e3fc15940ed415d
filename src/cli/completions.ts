import { RootCommand, type Command } from "@bomb.sh/tab";
import { SCENARIOS } from "../operations/drill/scenarios.ts";
import { COMMANDS } from "./commands.ts";
import type { CommandSpec } from "./command.ts";

/** What can stand in place of a word that only the topology, or the directory, knows. */
export interface Known {
  redis: readonly string[];
  sentinels: readonly string[];
  /** YAML files near by, for `--file`. */
  files: readonly string[];
}

type Offer = (offer: (value: string, description: string) => void) => void;

const GLOBAL_OPTIONS = [
  ["-f, --file <file>", "the topology file"],
  ["--runtime <name>", "where nodes run"],
  ["-y, --yes", "do not ask before something is destroyed"],
  ["--debug", "show stack traces"],
  ["-h, --help", "show help"],
] as const;

const SECTIONS =
  "server clients memory persistence stats replication cpu commandstats latencystats errorstats keyspace sentinel everything";

/** Values of options, by the option's long name. Options without an entry take what cannot be foreseen. */
function optionValues({ redis, files }: Known): Record<string, readonly string[]> {
  return {
    file: files,
    runtime: ["local"],
    role: ["master", "replica"],
    fault: ["kill", "stop", "hang"],
    section: SECTIONS.split(" "),
    tests: ["set", "get", "incr", "lpush", "rpush", "hset", "sadd", "ping"],
    "force-master": redis,
  };
}

/** Values of arguments, by command; the others name any node. */
function argumentValues(command: string, { redis, sentinels }: Known): readonly string[] {
  if (command === "completion") return ["bash", "zsh", "fish", "powershell"];
  if (command === "monitor") return redis;
  if (command === "drill") return ["all", ...SCENARIOS.map(({ id }) => id)];
  const nodes = [...redis, ...sentinels];
  return command === "logs" ? [...nodes, "steward"] : nodes;
}

/** Everything that can be completed, built from the same table as the command line itself. */
export function completions(known: Known): RootCommand {
  const root = new RootCommand();
  addOptions(root, GLOBAL_OPTIONS, known);
  for (const spec of COMMANDS) addCommand(root, spec, known);
  for (const node of [...known.redis, ...known.sentinels]) {
    const short = /^redis-((?:slave|sentinel)-\d+)$/.exec(node)?.[1];
    if (short !== undefined)
      addOptions(root.command(`connect-${short}`, `redis-cli on ${node}`), GLOBAL_OPTIONS, known);
  }
  return root;
}

function addCommand(root: RootCommand, { usage, summary, options = [] }: CommandSpec, known: Known): void {
  const words = usage.split(" ");
  const name = words.filter((word) => !/^[<[]/.test(word)).join(" ");
  // `config show` is found below `config` only if that is a command, too.
  const [first = name] = name.split(" ");
  if (first !== name && !root.commands.has(first)) root.command(first, summary);
  const command = root.command(name, summary);
  addOptions(command, [...options, ...GLOBAL_OPTIONS], known);
  for (const word of words.filter((each) => /^[<[]/.test(each))) {
    command.argument(
      word.replaceAll(/[<>[\].]/g, ""),
      offer(argumentValues(name, known)),
      word.includes("..."),
    );
  }
}

function addOptions(command: Command, options: readonly (readonly [string, string])[], known: Known): void {
  const values = optionValues(known);
  for (const [flags, description] of options) {
    const long = /--([\w-]+)/.exec(flags)?.[1];
    const short = /^-(\w)/.exec(flags)?.[1];
    if (long === undefined) continue;
    if (flags.includes("<")) command.option(long, description, offer(values[long] ?? []), short);
    else if (short === undefined) command.option(long, description);
    else command.option(long, description, short);
  }
}

function offer(values: readonly string[]): Offer {
  return (give) => {
    for (const value of values) give(value, "");
  };
}
