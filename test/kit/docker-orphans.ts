import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** Engines outlive a test run that is killed, and so do their bridges, whose subnet the next run may want. */

/** Says that the engine in this directory belongs to this process. */
export function own(dir: string): void {
  const draft = join(dir, `owner.${process.pid}.new`);
  writeFileSync(draft, `${process.pid} ${startOf(process.pid)}`);
  renameSync(draft, join(dir, "owner"));
}

/** The directories of engines whose owner has ended. They are this process's now; another one gets none of them. */
export function takeOrphans(): string[] {
  const named = readdirSync(tmpdir()).filter((name) => name.startsWith("vdk-"));
  return named.map((name) => join(tmpdir(), name)).filter((dir) => take(dir));
}

/** Without an owner it is no engine's directory, or one that is being made. */
function take(dir: string): boolean {
  try {
    const owner = readFileSync(join(dir, "owner"), "utf8");
    const [pid = "", start = ""] = owner.split(" ");
    if (startOf(Number(pid)) === start) return false;
    // Of those who see the same dead owner only one can make this file, and who comes later sees a living one.
    writeFileSync(join(dir, `heir-of-${pid}-${start}`), "", { flag: "wx" });
  } catch {
    return false;
  }
  own(dir);
  return true;
}

/** When a process started, in ticks since the boot, for a pid may be another one's by now; "" without one. */
function startOf(pid: number): string {
  const file = `/proc/${pid}/stat`;
  if (!existsSync(file)) return "";
  // The second field is the program's name, in parentheses, and may have blanks in it.
  return readFileSync(file, "utf8").split(") ").at(-1)?.split(" ")[19] ?? "";
}

/** The processes of the engine in this directory, itself first: those between it and the containers, and theirs. */
export function engineProcesses(dir: string): number[] {
  const listed = execFileSync("ps", ["-eo", "pid=,ppid=,args="], { encoding: "utf8" }).split("\n");
  const all = listed.map((line) => {
    const [pid = "", ppid = "", program = "", ...args] = line.trim().split(/\s+/);
    return { pid: Number(pid), ppid: Number(ppid), program, args };
  });
  const engine = all.filter(
    ({ program, args }) =>
      /(^|\/)(dockerd|containerd(-shim.*)?)$/.test(program) && args.some((each) => each.includes(`${dir}/`)),
  );
  const shims = new Set(engine.filter(({ program }) => program.includes("shim")).map(({ pid }) => pid));
  const inContainers = all.filter(({ ppid }) => shims.has(ppid));
  return [...engine, ...inContainers].map(({ pid }) => pid);
}

/** SIGKILL, in this order; a process may be gone already, since one takes others with it. */
export function killAll(pids: readonly number[]): void {
  for (const pid of pids) {
    try {
      process.kill(pid, "SIGKILL");
    } catch {
      // it went with another one
    }
  }
}
