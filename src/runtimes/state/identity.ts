import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/**
 * What tells one process from a later one that got the same pid: its start time (clock ticks since boot on
 * Linux, `ps -o lstart` elsewhere) and the boot it belongs to.
 */
export interface ProcessIdentity {
  pid: number;
  start: string;
  boot: string;
}

let bootId: string | undefined;

export function currentBoot(): string {
  bootId ??= readText("/proc/sys/kernel/random/boot_id")?.trim() ?? "none";
  return bootId;
}

/** The identity of a living process, or null. A zombie is dead: nobody but its parent can reap it. */
export function identify(pid: number): ProcessIdentity | null {
  const stat = readText(`/proc/${pid}/stat`);
  if (stat === null) return process.platform === "linux" ? null : identifyByPs(pid);
  // The command stands in parentheses and may hold spaces and parentheses itself: the fields follow the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const start = fields[19];
  if (state === "Z" || state === "X" || start === undefined) return null;
  return { pid, start, boot: currentBoot() };
}

export function isAlive(identity: ProcessIdentity): boolean {
  const now = identify(identity.pid);
  return now !== null && now.start === identity.start && now.boot === identity.boot;
}

export function ownIdentity(): ProcessIdentity {
  return identify(process.pid) ?? { pid: process.pid, start: "unknown", boot: currentBoot() };
}

function identifyByPs(pid: number): ProcessIdentity | null {
  try {
    const options = { encoding: "utf8", env: { ...process.env, LC_ALL: "C" } } as const;
    const lstart = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], options);
    const start = lstart.trim().replace(/\s+/g, "_"); // as assets/node-start.sh writes it
    return start === "" ? null : { pid, start, boot: currentBoot() };
  } catch {
    return null; // ps exits 1 when there is no such process
  }
}

function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
