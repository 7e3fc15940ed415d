import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** What a process uses. */
export interface ProcessUsage {
  rssBytes: number;
  /** User and system time together, ms. */
  cpuMs: number;
}

/** USER_HZ, in which the kernel shows times: 100 on every architecture that Node runs on. */
const TICK_MS = 10;

/** Memory and CPU time of a living process, or null if it is gone. */
export function usageOf(pid: number): ProcessUsage | null {
  return process.platform === "linux" ? usageFromProc(pid) : usageFromPs(pid);
}

function usageFromProc(pid: number): ProcessUsage | null {
  try {
    const server = serverBehind(pid);
    return parseProc(
      readFileSync(`/proc/${server}/stat`, "utf8"),
      readFileSync(`/proc/${server}/status`, "utf8"),
    );
  } catch {
    return null;
  }
}

/** In a container Docker's init stands in front of the server and does nothing. */
function serverBehind(pid: number): number {
  if (readFileSync(`/proc/${pid}/comm`, "utf8").trim() !== "docker-init") return pid;
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ");
  return child === undefined || child === "" ? pid : Number(child);
}

/** From `/proc/PID/stat` (times) and `status` (VmRSS, in kB whatever the page size). */
export function parseProc(stat: string, status: string): ProcessUsage | null {
  // The command stands in parentheses and may hold spaces and parentheses itself: the fields follow the last one.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const ticks = Number(fields[11]) + Number(fields[12]);
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1];
  return Number.isNaN(ticks) || kilobytes === undefined
    ? null
    : { rssBytes: Number(kilobytes) * 1024, cpuMs: ticks * TICK_MS };
}

function usageFromPs(pid: number): ProcessUsage | null {
  try {
    return parsePs(execFileSync("ps", ["-o", "rss=,time=", "-p", String(pid)], { encoding: "utf8" }));
  } catch {
    return null; // ps exits 1 when there is no such process
  }
}

/** `  3456   1-02:03:04.56`: kilobytes and [[days-]hours:]minutes:seconds. */
export function parsePs(line: string): ProcessUsage | null {
  const [, kilobytes, days = "0", clock = ""] = /^\s*(\d+)\s+(?:(\d+)-)?([\d:.]+)\s*$/.exec(line) ?? [];
  if (kilobytes === undefined) return null;
  const seconds = clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
  return { rssBytes: Number(kilobytes) * 1024, cpuMs: Math.round((Number(days) * 86_400 + seconds) * 1000) };
}
