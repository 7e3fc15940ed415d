import { spawn } from "node:child_process";
import { basename } from "node:path";
import { VedetteError } from "../errors.ts";
import type { Program } from "../runtimes/runtime.ts";

/** A program that does not end at SIGTERM is killed after this many ms. */
const PATIENCE_MS = 2_000;

export interface ProgramOptions {
  /** Travels in the environment: argv can be read by everybody on the machine. */
  password?: string | null;
  /** Ends the program. */
  signal?: AbortSignal;
}

/**
 * Runs a program to its end and returns what it printed on stdout.
 *
 * Throws when it cannot be started, ends badly (with the end of what it printed), or `signal` aborts; then the
 * error is the signal's reason. In every case the program is gone when this returns.
 */
export async function runProgram(
  doing: string,
  program: Pick<Program, "path" | "args">,
  args: readonly string[],
  { password = null, signal }: ProgramOptions = {},
): Promise<string> {
  signal?.throwIfAborted();
  const { REDISCLI_AUTH: _, ...inherited } = process.env;
  const env = password === null ? inherited : { ...inherited, REDISCLI_AUTH: password };
  const { path } = program;
  const child = spawn(path, [...program.args, ...args], { env, stdio: ["ignore", "pipe", "pipe"] });
  const printed = { stdout: "", stderr: "" };
  child.stdout.setEncoding("utf8").on("data", (text: string) => (printed.stdout += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (printed.stderr += text));
  let killer: NodeJS.Timeout | undefined;
  const end = () => {
    child.kill("SIGTERM");
    killer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
  };
  signal?.addEventListener("abort", end, { once: true });
  try {
    const ending = await new Promise<string | null>((resolve, reject) => {
      child.once("error", reject);
      child.once("close", (code, by) =>
        resolve(by === null ? (code === 0 ? null : `exit code ${code}`) : `ended by ${by}`),
      );
    });
    signal?.throwIfAborted();
    if (ending === null) return printed.stdout;
    throw new VedetteError(`${doing}: ${basename(path)}: ${ending}${lastLines(printed)}`);
  } catch (error) {
    if (error instanceof VedetteError) throw error;
    throw new VedetteError(`${doing}: running ${basename(path)}`, { cause: error });
  } finally {
    clearTimeout(killer);
    signal?.removeEventListener("abort", end);
  }
}

function lastLines({ stdout, stderr }: { stdout: string; stderr: string }): string {
  const lines = `${stdout}\n${stderr}`.split("\n").filter((line) => line.trim() !== "");
  return lines
    .slice(-4)
    .map((line) => `\n  ${line.slice(0, 300)}`)
    .join("");
}
