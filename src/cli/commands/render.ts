import { join, relative, resolve } from "node:path";
import { compareFiles, writeFiles } from "../../operations/write-files.ts";
import { renderBundle } from "../../render/bundle.ts";
import type { Invocation } from "../command.ts";
import { openTopology } from "../open.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const { topology } = openTopology(options);
  const directory = options.out === undefined ? join(topology.baseDir, "config") : resolve(options.out);
  const files = renderBundle(topology);
  const written = options.dryRun ? compareFiles(directory, files) : writeFiles(directory, files);
  const shown = relative(process.cwd(), directory) || ".";
  for (const { path, what } of written) io.out(`${what.padEnd(9)}  ${join(shown, path)}`);
  const differing = written.filter(({ what }) => what !== "unchanged").length;
  if (options.dryRun) io.note(differing === 0 ? "nothing would be written" : `${differing} would be written`);
  return 0;
}
