import type { ClusterNode, Topology } from "../model.ts";
import type { Problems } from "../problems.ts";

/**
 * A rule between keys of a topology. `error` is for what would lose data, lock the cluster up or not start;
 * `info` for what is allowed but may not be meant.
 */
export type Rule = (topology: Topology, report: Report) => void;

/** Problems, and the key of the file that a setting came from. */
export interface Report {
  problems: Problems;
  /** `redis.nodes.redis-slave-1.port` → `redis.port` when that is what the file says. */
  source: (key: string) => string;
}

/** `redis.nodes.redis-slave-1.port` */
export function keyOf(node: ClusterNode, setting: string): string {
  return `${node.kind}.nodes.${node.id}.${setting}`;
}
