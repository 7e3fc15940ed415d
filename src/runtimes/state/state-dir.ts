import { join, relative } from "node:path";
import { UsageError } from "../../errors.ts";
import type { Topology } from "../../topology/model.ts";
import { allNodes } from "../../topology/model.ts";
import { makeDir, readJson, replaceJson } from "./files.ts";
import type { StatePaths } from "./paths.ts";

/**
 * A state directory belongs to one topology file. It is remembered relative to the directory, so that both may
 * be moved together, and the built-in defaults count as the `vedette.yaml` that `vedette init` would write.
 */
export interface StateMarker {
  schema: 1;
  name: string;
  topology: string;
  runtime: string;
  /** Addresses that the Sentinels have learnt: changing one is not a matter of configuration. */
  nodes: { id: string; host: string; port: number }[];
}

export function readMarker(paths: StatePaths): StateMarker | null {
  const value = readJson(paths.marker);
  return isMarker(value) ? value : null;
}

export function writeMarker(topology: Topology, paths: StatePaths): void {
  makeDir(paths.root);
  replaceJson(paths.marker, {
    schema: 1,
    name: topology.name,
    topology: topologyKey(topology, paths),
    runtime: topology.runtime,
    nodes: allNodes(topology).map(({ id, host, port }) => ({ id, host, port })),
  } satisfies StateMarker);
}

/** Refuses to touch the state of another topology, and addresses that changed under running Sentinels. */
export function assertOwnState(topology: Topology, paths: StatePaths): void {
  const marker = readMarker(paths);
  if (marker === null) return;
  if (marker.topology !== topologyKey(topology, paths)) {
    throw new UsageError(
      `opening ${paths.root}: it belongs to the topology file ${join(paths.root, marker.topology)}, not to ${topologyFile(topology)}`,
      {
        next: "give this topology another `name` or `stateDir`, or point -f at the file that the state belongs to",
      },
    );
  }
}

/** Nodes whose address is not the one that this cluster was started with. */
export function movedNodes(topology: Topology, paths: StatePaths): string[] {
  const known = new Map((readMarker(paths)?.nodes ?? []).map((node) => [node.id, node]));
  return allNodes(topology).flatMap((node) => {
    const before = known.get(node.id);
    if (before === undefined || (before.host === node.host && before.port === node.port)) return [];
    return [`${node.id} was ${before.host}:${before.port} and is now ${node.host}:${node.port}`];
  });
}

function topologyFile(topology: Topology): string {
  return topology.file ?? join(topology.baseDir, "vedette.yaml");
}

function topologyKey(topology: Topology, paths: StatePaths): string {
  return relative(paths.root, topologyFile(topology));
}

function isMarker(value: unknown): value is StateMarker {
  return (
    typeof value === "object" &&
    value !== null &&
    "topology" in value &&
    typeof value.topology === "string" &&
    "nodes" in value &&
    Array.isArray(value.nodes)
  );
}
