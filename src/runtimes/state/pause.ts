import { spawn } from "node:child_process";
import { closeSync, openSync, readFileSync } from "node:fs";
import type { Topology } from "../../topology/model.ts";
import type { PauseRecord } from "../runtime.ts";
import { passedOnToOurs } from "./environment.ts";
import { makeDir, readJson } from "./files.ts";
import { packageFile } from "./package-root.ts";
import type { StatePaths } from "./paths.ts";

/** The pause that is written down, or null. */
export function readPause(paths: StatePaths): PauseRecord | null {
  const value = readJson(paths.pause);
  return isPause(value) ? value : null;
}

/**
 * Starts assets/pause-timer.sh so that it outlives us and our terminal. Its text is handed over whole: a shell reads
 * a script as it goes, and in the hours of a pause the package may be replaced.
 */
export function startPauseTimer(topology: Topology, paths: StatePaths): void {
  const record = readPause(paths);
  if (record === null) return;
  makeDir(paths.logs);
  const log = openSync(`${paths.logs}/pause.log`, "a", 0o600);
  const where = topology.file === null ? [] : ["-f", topology.file];
  const resume = [process.execPath, packageFile("dist/vedette.js"), "resume", "--expired", ...where];
  const script = readFileSync(packageFile("assets/pause-timer.sh"), "utf8");
  const child = spawn("sh", ["-c", script, "pause-timer", paths.pause, record.id, ...resume], {
    cwd: topology.baseDir,
    detached: true,
    stdio: ["ignore", log, log],
    env: passedOnToOurs(),
  });
  closeSync(log);
  child.on("error", () => {}); // there is no sh: the steward and every command put things back as well
  child.unref();
}

function isPause(value: unknown): value is PauseRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "id" in value &&
    "since" in value &&
    typeof value.since === "number" &&
    "until" in value &&
    typeof value.until === "number" &&
    "by" in value &&
    "reason" in value &&
    "previous" in value
  );
}
