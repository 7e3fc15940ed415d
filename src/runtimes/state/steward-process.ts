import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { closeSync, openSync, statSync } from "node:fs";
import { until } from "../../clock.ts";
import { VedetteError, errorCode } from "../../errors.ts";
import type { Topology } from "../../topology/model.ts";
import { currentClaim } from "./claims.ts";
import { passedOnToOurs } from "./environment.ts";
import { makeDir, readText } from "./files.ts";
import { packageFile } from "./package-root.ts";
import type { StatePaths } from "./paths.ts";

const START_DEADLINE_MS = 10_000;

/** A small heap and one semi-space: the steward holds a few kilobytes, and V8 would otherwise keep what it can. */
const NODE_FLAGS = ["--max-old-space-size=48", "--max-semi-space-size=1"];

const PROGRAM = "dist/steward.js";

/**
 * The steward's claim carries the topology and the program it works with, so that `up` replaces one that works for
 * an older topology, or that is older than this Vedette.
 */
export function stewardName(topology: Topology): string {
  const { mtimeMs, size } = statSync(packageFile(PROGRAM));
  const mark = JSON.stringify([topology, mtimeMs, size]);
  return `steward ${createHash("sha256").update(mark).digest("hex").slice(0, 16)}`;
}

/** Starts the steward for this topology unless one runs, replacing one that works for an older topology. */
export async function startStewardProcess(
  topology: Topology,
  paths: StatePaths,
): Promise<{ pid: number; already: boolean }> {
  const held = currentClaim(paths.claims("steward"));
  if (held !== null && held.name === stewardName(topology)) return { pid: held.pid, already: true };
  if (held !== null) await stopStewardProcess(paths, START_DEADLINE_MS);
  const end = launch(topology, paths);
  const claimed = await until(
    async () => currentClaim(paths.claims("steward"))?.pid ?? (end.text === null ? null : -1),
    {
      deadlineMs: START_DEADLINE_MS,
      everyMs: 20,
    },
  );
  if (claimed !== null && claimed > 0) return { pid: claimed, already: false };
  const log = (readText(`${paths.logs}/steward.log`) ?? "").trimEnd().split("\n").slice(-5).join("\n  ");
  throw new VedetteError(`starting the steward: ${end.text ?? "it did not claim the cluster"}\n  ${log}`, {
    next: `look at ${paths.logs}/steward.log; the cluster itself runs without a steward`,
  });
}

export async function stopStewardProcess(paths: StatePaths, deadlineMs: number): Promise<void> {
  const held = currentClaim(paths.claims("steward"));
  if (held === null) return;
  const gone = async () => currentClaim(paths.claims("steward")) === null;
  send(held.pid, "SIGTERM");
  if (await until(gone, { deadlineMs, everyMs: 20 })) return;
  send(held.pid, "SIGKILL");
  if (await until(gone, { deadlineMs, everyMs: 20 })) return;
  throw new VedetteError(`stopping the steward: pid ${held.pid} survived SIGKILL for ${deadlineMs} ms`);
}

/** Ends it as a crash would. */
export async function killStewardProcess(paths: StatePaths): Promise<void> {
  const held = currentClaim(paths.claims("steward"));
  if (held === null) return;
  send(held.pid, "SIGKILL");
  const gone = async () => currentClaim(paths.claims("steward")) === null;
  if (await until(gone, { deadlineMs: START_DEADLINE_MS, everyMs: 5 })) return;
  throw new VedetteError(`killing the steward: pid ${held.pid} survived SIGKILL for ${START_DEADLINE_MS} ms`);
}

function launch(topology: Topology, paths: StatePaths): { text: string | null } {
  makeDir(paths.logs);
  const log = openSync(`${paths.logs}/steward.log`, "a", 0o600);
  const file = topology.file === null ? [] : ["-f", topology.file];
  const where = [...file, "--runtime", topology.runtime];
  const child = spawn(process.execPath, [...NODE_FLAGS, packageFile(PROGRAM), ...where], {
    cwd: topology.baseDir,
    detached: true,
    stdio: ["ignore", log, log],
    env: passedOnToOurs(),
  });
  closeSync(log);
  const end: { text: string | null } = { text: null };
  child.once("error", (error) => (end.text = error.message));
  child.once(
    "exit",
    (code, signal) => (end.text = signal === null ? `exit code ${code}` : `ended by ${signal}`),
  );
  child.unref();
  return end;
}

function send(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) !== "ESRCH") throw error;
  }
}
