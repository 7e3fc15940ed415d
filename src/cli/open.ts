import { context, type Context } from "../operations/context.ts";
import { readPassword } from "../runtimes/state/password.ts";
import { loadTopology } from "../topology/load.ts";
import type { ResolvedTopology } from "../topology/model.ts";
import type { Io } from "./io.ts";
import { chooseRuntime, openRuntime, runtimeNamed, type OwnRuntime } from "./open-runtime.ts";
import type { Options } from "./options.ts";

/** Loads the topology that the command line points at. Throws with every problem of the file at once. */
export function openTopology(options: Options): ResolvedTopology {
  const { file = null, runtime } = options;
  return loadTopology(file, process.cwd(), runtime === undefined ? undefined : runtimeNamed(runtime));
}

/**
 * Everything an operation needs. Progress goes to stderr unless the result is JSON.
 *
 * @param note told when the topology file names another runtime than the cluster was started with
 */
export function open(
  io: Io,
  options: Options,
  note: (line: string) => void = () => {},
): Context & { runtime: OwnRuntime } {
  const report = options.json === true ? () => {} : (line: string) => io.note(`  ${line}`);
  const { topology } = chooseRuntime(options.file ?? null, options.runtime, note);
  const password = readPassword(topology);
  const runtime = openRuntime(topology, password, report);
  return { ...context(topology, runtime, password, report), runtime };
}
