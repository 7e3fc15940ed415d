import { spawn } from "node:child_process";
import { constants } from "node:os";
import { VedetteError } from "../errors.ts";
import type { Program } from "../runtimes/runtime.ts";

type NodeAddress = Parameters<Program["address"]>[0];

/** How redis-cli is called: the password is in its environment, since everybody may read an argument list. */
export function redisCli(
  program: Program,
  at: NodeAddress,
  password: string | null,
  args: readonly string[],
): { program: string; args: string[]; env: NodeJS.ProcessEnv } {
  const { host, port } = program.address(at);
  const { REDISCLI_AUTH: _other, ...env } = process.env;
  return {
    program: program.path,
    args: [...program.args, "-h", host, "-p", String(port), ...args],
    env: password === null ? env : { ...env, REDISCLI_AUTH: password },
  };
}

/** Hands the terminal over to redis-cli and returns its exit code, as a shell would give it. */
export async function handOver(
  program: Program,
  at: NodeAddress,
  password: string | null,
  args: readonly string[],
): Promise<number> {
  const call = redisCli(program, at, password, args);
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
