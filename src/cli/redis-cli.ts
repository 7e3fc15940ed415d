import { spawn } from "node:child_process";
import { constants } from "node:os";
import { VedetteError } from "../errors.ts";
import { findBinary } from "../runtimes/local/binaries.ts";

/** How redis-cli is called: the password is in its environment, since everybody may read an argument list. */
export function redisCli(
  at: { host: string; port: number },
  password: string | null,
  args: readonly string[],
): { program: string; args: string[]; env: NodeJS.ProcessEnv } {
  const { REDISCLI_AUTH: _other, ...env } = process.env;
  return {
    program: findBinary("redis-cli", process.env),
    args: ["-h", at.host, "-p", String(at.port), ...args],
    env: password === null ? env : { ...env, REDISCLI_AUTH: password },
  };
}

/** Hands the terminal over to redis-cli and returns its exit code, as a shell would give it. */
export async function handOver(
  at: { host: string; port: number },
  password: string | null,
  args: readonly string[],
): Promise<number> {
  const call = redisCli(at, password, args);
  // Ctrl-C goes to both of us: it is redis-cli's to answer, and we are to stay until it ends.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  try {
    return await new Promise<number>((resolve, reject) => {
      const child = spawn(call.program, call.args, { stdio: "inherit", env: call.env });
      child.once("error", (cause) => reject(new VedetteError(`starting ${call.program}`, { cause })));
      child.once("exit", (code, signal) =>
        resolve(signal === null ? (code ?? 1) : 128 + constants.signals[signal]),
      );
    });
  } finally {
    process.off("SIGINT", ignore);
  }
}
