import { readFileSync } from "node:fs";
import { join, relative, resolve } from "node:path";
import { compareFiles, writeFiles } from "../../operations/write-files.ts";
import { renderBundle, type RenderedFile } from "../../render/bundle.ts";
import { renderDockerBundle } from "../../render/docker-bundle.ts";
import { packageFile } from "../../runtimes/state/package-root.ts";
import type { Topology } from "../../topology/model.ts";
import type { Invocation } from "../command.ts";
import { openTopology } from "../open.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const { topology } = openTopology(options);
  const { below, files } = bundle(topology);
  const directory = options.out === undefined ? join(topology.baseDir, below) : resolve(options.out);
  const written = options.dryRun ? compareFiles(directory, files) : writeFiles(directory, files);
  const shown = relative(process.cwd(), directory) || ".";
  for (const { path, what } of written) io.out(`${what.padEnd(9)}  ${join(shown, path)}`);
  const differing = written.filter(({ what }) => what !== "unchanged").length;
  if (options.dryRun) io.note(differing === 0 ? "nothing would be written" : `${differing} would be written`);
  else if (topology.runtime === "docker") io.note("Start it without Vedette: docker compose up -d");
  return 0;
}

/** Compose looks for its file where people call it: beside the topology. */
function bundle(topology: Topology): { below: string; files: RenderedFile[] } {
  if (topology.runtime !== "docker") return { below: "config", files: renderBundle(topology) };
  const script = readFileSync(packageFile("assets/node-start.sh"), "utf8");
  const { passwordFile } = topology.security;
  const secret = passwordFile === null ? null : relative(topology.baseDir, passwordFile);
  return {
    below: ".",
    files: renderDockerBundle(
      topology,
      script,
      secret === null || secret.startsWith("/") ? secret : `./${secret}`,
    ),
  };
}
