import { spawn } from "node:child_process";
import { closeSync, copyFileSync, openSync, readFileSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { until } from "../../clock.ts";
import { VedetteError } from "../../errors.ts";
import type { ClusterNode } from "../../topology/model.ts";
import { passedOn } from "../state/environment.ts";
import { makeDir, readText } from "../state/files.ts";
import { packageFile } from "../state/package-root.ts";
import type { StatePaths } from "../state/paths.ts";
import { livingProcess } from "./process-table.ts";

/** How long a process may take to claim its pid file; a loaded machine needs tens of milliseconds. */
const CLAIM_DEADLINE_MS = 10_000;

/**
 * Starts the node's process so that it outlives us, and returns its pid once it has claimed its pid file.
 * Whether Redis then comes up is for whoever observes the cluster.
 */
export async function spawnNode(
  node: ClusterNode,
  nodeDir: string,
  paths: StatePaths,
  onEnd: (end: string) => void,
): Promise<number> {
  const log = openSync(paths.log(node.id), "a", 0o600);
  const child = spawn("sh", [paths.script, nodeDir], {
    cwd: nodeDir,
    detached: true,
    stdio: ["ignore", log, log],
    env: passedOn(),
  });
  closeSync(log);
  const end: { text: string | null } = { text: null };
  child.once("error", (error) => (end.text = error.message));
  child.once("exit", (code, signal) => {
    end.text = signal === null ? `exit code ${code}` : `ended by ${signal}`;
    onEnd(end.text);
  });
  child.unref();
  const claimed = await until(
    async () => livingProcess(node.id, paths)?.pid ?? (end.text === null ? null : -1),
    {
      deadlineMs: CLAIM_DEADLINE_MS,
      everyMs: 5,
    },
  );
  if (claimed !== null && claimed > 0) return claimed;
  throw new VedetteError(
    `starting ${node.id}: ${end.text ?? "it did not claim its pid file"}${logTail(node, paths)}`,
    {
      next: `look at \`vedette logs ${node.id}\``,
    },
  );
}

/** Puts the start script where it stays readable while it waits, even if the package is replaced meanwhile. */
export function installScript(paths: StatePaths): void {
  const source = packageFile("assets/node-start.sh");
  if (readText(paths.script) === readFileSync(source, "utf8")) return;
  makeDir(dirname(paths.script));
  const aside = join(dirname(paths.script), `.node-start.${process.pid}`);
  copyFileSync(source, aside);
  renameSync(aside, paths.script);
}

/** The last lines of a node's log, to be appended to an error. */
export function logTail(node: ClusterNode, paths: StatePaths, lines = 6): string {
  const tail = (readText(paths.log(node.id)) ?? "").trimEnd().split("\n").slice(-lines);
  return tail.join("").trim() === ""
    ? ""
    : `\n  its log ends:\n${tail.map((line) => `    ${line}`).join("\n")}`;
}
