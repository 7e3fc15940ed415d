import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";
import { VedetteError } from "../../errors.ts";

/** Absolute paths of the real programs. `redis-server --sentinel` is Sentinel: no second binary is needed. */
export interface Binaries {
  server: string;
  cli: string;
}

/** Looks the Redis programs up on PATH. Throws with what to install if one is missing. */
export function findBinaries(env: NodeJS.ProcessEnv): Binaries {
  return { server: findBinary("redis-server", env), cli: findBinary("redis-cli", env) };
}

export function findBinary(name: string, env: NodeJS.ProcessEnv): string {
  for (const dir of (env["PATH"] ?? "").split(delimiter)) {
    const candidate = join(dir || ".", name);
    if (isExecutable(candidate)) return candidate;
  }
  throw new VedetteError(`looking for ${name}: it is not on PATH`, {
    next: "install Redis, for example `sudo apt-get install redis-server redis-tools`, or type `make up`, which does it",
  });
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
