import { CommanderError } from "commander";
import { explain, UsageError, VedetteError } from "../errors.ts";
import { processIo, type Io } from "./io.ts";
import { buildProgram, splitArguments, usageError } from "./program.ts";

/** Runs one command line and returns its exit code: 0 fine, 1 unhealthy or failed, 2 wrong usage. */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const { args, rest } = splitArguments(argv);
  let code = 0;
  try {
    const program = buildProgram(io, rest, (result) => (code = result));
    if (args.length === 0) {
      program.outputHelp();
      return 2;
    }
    await program.parseAsync(args, { from: "user" });
    return code;
  } catch (error) {
    return fail(io, error, argv.includes("--debug"));
  }
}

/** Says what went wrong and what to do next; a stack trace only with --debug. */
function fail(io: Io, caught: unknown, debug: boolean): number {
  const error = caught instanceof CommanderError ? usageError(caught) : caught;
  if (error === null) return 0;
  io.note(`vedette: ${explain(error)}`);
  if (error instanceof VedetteError && error.next !== null) io.note(`  ${error.next}`);
  if (debug && error instanceof Error) io.note(error.stack ?? "");
  if (!(error instanceof VedetteError)) {
    io.note("  this is a bug in vedette: run the command again with --debug and report what it prints");
  }
  return error instanceof UsageError ? 2 : 1;
}

if (process.env["VITEST"] === undefined) {
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0); // `vedette logs | head`
    throw error;
  });
  process.exitCode = await main(process.argv.slice(2), processIo());
}
