import { spawn } from "node:child_process";
import { once } from "node:events";
import { Socket } from "node:net";
import { VedetteError } from "../../errors.ts";
import { passedOn } from "../state/environment.ts";
import { packageFile } from "../state/package-root.ts";
import type { StatePaths } from "../state/paths.ts";

/** Watches over this process and ends the cluster if it goes without a word. */
export interface Reaper {
  /** Everything is down already; resolves when the reaper has gone too. */
  dismiss(): Promise<void>;
}

/**
 * Nodes outlive whoever starts them, on purpose. A cluster for a test must not: should this process end in any way
 * (a crash, SIGKILL by a test runner) before `dismiss`, all its nodes are killed and `dir` is deleted.
 *
 * An exit handler would be simpler and would miss just those ends; a pipe closes at every one of them.
 */
export async function startReaper(dir: string, paths: StatePaths): Promise<Reaper> {
  const child = spawn("/bin/sh", [packageFile("assets/reaper.sh"), dir, paths.run], {
    cwd: "/",
    detached: true,
    stdio: ["pipe", "ignore", "ignore"],
    env: passedOn(),
  });
  const exited = once(child, "exit");
  try {
    await once(child, "spawn");
  } catch (cause) {
    throw new VedetteError("starting the reaper, which ends the cluster should this process die", { cause });
  }
  child.stdin.on("error", () => {}); // it was killed: nothing is left to tell it
  child.unref();
  if (child.stdin instanceof Socket) child.stdin.unref();
  return {
    dismiss: async () => {
      child.ref();
      child.stdin.end("done\n");
      await exited;
    },
  };
}
