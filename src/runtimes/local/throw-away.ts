import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { allNodes } from "../../topology/model.ts";
import type { PortBlock } from "./free-ports.ts";
import type { LocalRuntime } from "./local-runtime.ts";
import { startReaper, type Reaper } from "./reaper.ts";

const KILL_DEADLINE_MS = 10_000;

/** A cluster with a directory and ports of its own, which must not outlive this process. */
export class ThrowAway {
  private constructor(
    private readonly dir: string,
    private readonly ports: PortBlock,
    private readonly runtime: LocalRuntime,
    private readonly reaper: Reaper,
  ) {}

  /** From now on everything goes, however this process ends. */
  static async guard(dir: string, ports: PortBlock, runtime: LocalRuntime): Promise<ThrowAway> {
    return new ThrowAway(dir, ports, runtime, await startReaper(dir, runtime.paths));
  }

  /** Ends every process and deletes the directory. */
  async end(): Promise<void> {
    // The steward first: it would bring nodes back. The data goes with them, so nothing needs to be saved.
    await this.runtime.stopSteward(KILL_DEADLINE_MS);
    const nodes = allNodes(this.runtime.topology);
    await Promise.all(nodes.map((node) => this.runtime.stop(node.id, "kill", KILL_DEADLINE_MS)));
    for (const mount of mountsBelow(this.dir)) execFileSync("umount", [mount], { stdio: "ignore" });
    rmSync(this.dir, { recursive: true, force: true });
    this.ports.release();
    await this.reaper.dismiss();
  }
}

/**
 * Gives a directory a small file system of its own, so that it can be full without harm to anybody else. False where
 * that is not allowed; only Linux has it, and only root may.
 */
export function mountSmallDisk(dir: string, megabytes: number): boolean {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return false;
  mkdirSync(dir, { recursive: true, mode: 0o700 });
  const options = ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=700`, "vedette-sandbox", dir];
  try {
    execFileSync("mount", options, { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

function mountsBelow(dir: string): string[] {
  if (process.platform !== "linux") return [];
  const lines = readFileSync("/proc/mounts", "utf8").split("\n");
  return lines.map((line) => line.split(" ")[1] ?? "").filter((mount) => mount.startsWith(`${dir}/`));
}
