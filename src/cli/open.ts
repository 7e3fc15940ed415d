import { UsageError } from "../errors.ts";
import { context, type Context } from "../operations/context.ts";
import { LocalRuntime } from "../runtimes/local/local-runtime.ts";
import { readPassword } from "../runtimes/state/password.ts";
import { loadTopology } from "../topology/load.ts";
import type { ResolvedTopology } from "../topology/model.ts";
import type { Io } from "./io.ts";
import type { Options } from "./options.ts";

/** Loads the topology that the command line points at. Throws with every problem of the file at once. */
export function openTopology(options: Options): ResolvedTopology {
  return loadTopology(options.file ?? null, process.cwd());
}

/** Everything an operation needs. Progress goes to stderr unless the result is JSON. */
export function open(io: Io, options: Options): Context & { runtime: LocalRuntime } {
  const { topology } = openTopology(options);
  if (options.runtime !== undefined && options.runtime !== topology.runtime) {
    throw new UsageError(`choosing the runtime ${options.runtime}: this version knows only \`local\``, {
      next: "leave --runtime out",
    });
  }
  const password = readPassword(topology);
  const runtime = new LocalRuntime(topology, password);
  const report = options.json ? () => {} : (line: string) => io.note(`  ${line}`);
  return { ...context(topology, runtime, password, report), runtime };
}
