import { Command, type CommanderError } from "commander";
import { UsageError } from "../errors.ts";
import { COMMANDS } from "./commands.ts";
import type { CommandSpec } from "./command.ts";
import type { Io } from "./io.ts";
import type { Options } from "./options.ts";
import { VERSION } from "./version.ts";

/** `connect-slave-2` and `connect-sentinel-1` are `connect redis-slave-2` …: any number, as the topology has them. */
const CONNECT_NODE = /^connect-((?:slave|sentinel)-\d+)$/;

/** The command line as commander understands it; running a command leaves its exit code in `done`. */
export function buildProgram(io: Io, rest: string[], done: (code: number) => void): Command {
  const program = new Command("vedette")
    .description("Highly available Redis with Sentinel: stand it up, run it, prove it.")
    .version(VERSION, "-V, --version", "print the version")
    .option("-f, --file <file>", "the topology file (default ./vedette.yaml, else the built-in defaults)")
    .option("--runtime <name>", "where nodes run: local (processes) or docker")
    .option("-y, --yes", "do not ask before something is destroyed")
    .option("--debug", "show stack traces")
    .helpOption("-h, --help", "show help")
    .helpCommand(false)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.out(text), writeErr: () => {} });
  for (const spec of COMMANDS) addCommand(program, spec, io, rest, done);
  program.command("complete", { hidden: true }).action(async () => {
    const { run } = await import("./commands/complete.ts");
    done(await run({ io, args: [], options: {}, rest }));
  });
  program.addHelpText(
    "after",
    `\nAlso: connect-slave-N, connect-sentinel-N. Everything behind \`--\` goes to redis-cli.`,
  );
  return program;
}

function addCommand(
  program: Command,
  spec: CommandSpec,
  io: Io,
  rest: string[],
  done: (code: number) => void,
): void {
  const command = place(program, spec).exitOverride().helpOption("-h, --help", "show help");
  for (const [flags, description] of spec.options ?? []) command.option(flags, description);
  command.action(async () => {
    const { run } = await spec.load();
    done(
      await run({
        io,
        args: command.processedArgs.flat().filter(isText),
        options: command.optsWithGlobals<Options>(),
        rest,
      }),
    );
  });
}

/** The command itself, below its parent when its name has two words. */
function place(program: Command, spec: CommandSpec): Command {
  const [first = "", second, ...others] = spec.usage.split(" ");
  if (second === undefined || /^[<[]/.test(second)) {
    return program.command(spec.usage).description(spec.summary).helpGroup(`${spec.group}:`);
  }
  const parent =
    program.commands.find((each) => each.name() === first) ??
    program.command(first).description(spec.summary).helpGroup(`${spec.group}:`).helpCommand(false);
  return parent.command([second, ...others].join(" ")).description(spec.summary);
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** Splits at `--` and gives `connect-slave-2` its long form. */
export function splitArguments(argv: readonly string[]): { args: string[]; rest: string[] } {
  const cut = argv.indexOf("--");
  const own = cut === -1 ? [...argv] : argv.slice(0, cut);
  const at = own.findIndex((word) => CONNECT_NODE.test(word));
  const node = CONNECT_NODE.exec(own[at] ?? "")?.[1];
  if (node !== undefined) own.splice(at, 1, "connect", `redis-${node}`);
  return { args: own, rest: cut === -1 ? [] : argv.slice(cut + 1) };
}

/** Commander's own complaints as ours; null for help and version, which are no errors. */
export function usageError(error: CommanderError): UsageError | null {
  if (error.exitCode === 0) return null;
  const said = error.code === "commander.help" ? "a subcommand is missing" : error.message;
  const message = said.replace(/^error: /, "").replace(/\n\(Did/, " (did");
  return new UsageError(`reading the command line: ${message}`, {
    next: "type `vedette --help` for the list of commands",
  });
}
