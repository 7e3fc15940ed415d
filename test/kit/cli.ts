import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { resolve } from "node:path";

export interface CliResult {
  code: number | null;
  out: string;
  err: string;
}

const VEDETTE = resolve("dist/vedette.js");

/** Runs the built command as a user would, without a terminal. */
export function vedette(cwd: string, ...args: string[]): CliResult {
  const done = spawnSync(process.execPath, [VEDETTE, ...args], { cwd, encoding: "utf8", env: plainEnv() });
  return { code: done.status, out: done.stdout, err: done.stderr };
}

/** Starts the built command and leaves it running. */
export function vedetteRunning(cwd: string, ...args: string[]): ChildProcess {
  return spawn(process.execPath, [VEDETTE, ...args], {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: plainEnv(),
  });
}

/** Without what vitest sets: the command must behave as it does for a user. */
function plainEnv(): NodeJS.ProcessEnv {
  const { VITEST: _, NO_COLOR: __, FORCE_COLOR: ___, ...env } = process.env;
  return env;
}
