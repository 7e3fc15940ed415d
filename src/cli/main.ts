import { CommanderError } from "commander";
import { errorCode, explain, UsageError, VedetteError } from "../errors.ts";
import type { Io } from "./io.ts";
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
  // EACCES, ENOSPC and their like are failures of the world, though nobody foresaw them here.
  if (!(error instanceof VedetteError) && errorCode(error) === null) {
    io.note("  this is a bug in vedette: run the command again with --debug and report what it prints");
  }
  return error instanceof UsageError ? 2 : 1;
}
