import { existsSync } from "node:fs";
import { relative } from "node:path";
import type { Topology } from "../../topology/model.ts";
import type { StatePaths } from "../state/paths.ts";

/** Everything of a cluster on this machine, as absolute paths that exist; none inside another. */
export function belongingsOf(topology: Topology, paths: StatePaths): string[] {
  const dirs = [paths.root, ...topology.redis.nodes.map((node) => node.dataDir)];
  return [...new Set(dirs)].filter((dir) => existsSync(dir) && !isInside(dir, paths.root));
}

function isInside(path: string, dir: string): boolean {
  const way = relative(dir, path);
  return way !== "" && !way.startsWith("..");
}
