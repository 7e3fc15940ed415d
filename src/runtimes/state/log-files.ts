import { renameSync, rmSync, statSync } from "node:fs";

/** A node's log and its rotated predecessors (`.1` is the youngest), oldest first; only those that exist. */
export function logFilesOf(path: string, most = 100): string[] {
  const rotated: string[] = [];
  for (let n = 1; n <= most && exists(`${path}.${n}`); n++) rotated.unshift(`${path}.${n}`);
  return exists(path) ? [...rotated, path] : rotated;
}

/**
 * Moves a log aside once it is larger than `maxBytes`, keeping `keep` old ones. Redis opens its logfile anew for
 * each line (serverLogRaw), so renaming is enough: no signal, no lost line.
 */
export function rotateLog(path: string, maxBytes: number, keep: number): boolean {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= maxBytes) return false;
  rmSync(`${path}.${keep}`, { force: true });
  for (let n = keep - 1; n >= 1; n--)
    if (exists(`${path}.${n}`)) renameSync(`${path}.${n}`, `${path}.${n + 1}`);
  if (keep > 0) renameSync(path, `${path}.1`);
  else rmSync(path, { force: true });
  return true;
}

function exists(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false }) !== undefined;
}
