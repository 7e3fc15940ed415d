import { isBridged, majority, type Topology } from "../../topology/model.ts";
import type { Need, Scenario } from "./scenario.ts";

/** Facts about the place that a topology does not tell. */
export interface Place {
  /** A steward supervises the cluster. */
  steward: boolean;
  /** The master's data is on a small file system of its own, which may be filled. */
  smallDisk: boolean;
}

/** Why this scenario cannot be run there, or null when it can. */
export function notApplicable(scenario: Scenario, topology: Topology, place: Place): string | null {
  for (const need of scenario.needs) {
    const missing = MISSING[need](topology, place);
    if (missing !== null) return missing;
  }
  return null;
}

const MISSING: Record<Need, (topology: Topology, place: Place) => string | null> = {
  candidate: ({ redis }) =>
    redis.nodes.filter((node) => node.priority > 0).length > 1
      ? null
      : "no other node may be promoted: there is none, or all have replica-priority 0",
  replica: ({ redis }) => (redis.nodes.length > 1 ? null : "the topology has no replica"),
  "spare-sentinel": (topology) =>
    topology.sentinel.nodes.length > votes(topology)
      ? null
      : `all ${topology.sentinel.nodes.length} Sentinels are needed for a failover`,
  "quorum-to-lose": (topology) =>
    topology.sentinel.nodes.length > 1 ? null : "with one Sentinel there is no majority to lose",
  network: (topology) =>
    isBridged(topology)
      ? null
      : "only with runtime docker and a network of its own: processes of this machine have none to unplug",
  "append-only": ({ redis }) =>
    redis.nodes.every((node) => node.appendOnly)
      ? null
      : "a node keeps no append-only file: what it holds ends with its process, as the topology says",
  steward: (_, place) => (place.steward ? null : "no steward runs that could be killed"),
  "small-disk": (_, place) =>
    place.smallDisk
      ? null
      : "only in a --sandbox, as root on Linux: it needs a small file system of its own to fill",
  "restorable-backup": () => "this version cannot restore a backup yet",
};

/** How many Sentinels must answer for a failover. */
export function votes(topology: Topology): number {
  return Math.max(majority(topology), topology.sentinel.quorum);
}
