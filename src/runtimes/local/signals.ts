import { errorCode, VedetteError } from "../../errors.ts";

export const SIGNALS = { kill: "SIGKILL", stop: "SIGTERM", hang: "SIGSTOP", continue: "SIGCONT" } as const;

/** Sends a signal; to a process that is gone already it is no error. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (errorCode(error) === "ESRCH") return;
    if (errorCode(error) !== "EPERM") throw error;
    throw new VedetteError(`sending ${name} to pid ${pid}: it belongs to another user`, {
      cause: error,
      next: "type the command again as the user who started the cluster",
    });
  }
}
