import type { Snapshot } from "../../cluster/snapshot.ts";
import type { NodeId, Topology } from "../../topology/model.ts";
import { votes } from "./applicable.ts";
import type { Target } from "./scenario.ts";

/** Which node plays which part in one run. */
export type Cast = Record<Target, NodeId[]>;

/** Deals the parts out; another run of the same scenario takes other nodes in turn. */
export function dealParts(topology: Topology, snapshot: Snapshot, master: NodeId, run: number): Cast {
  const sentinels = topology.sentinel.nodes.map((node) => node.id);
  const replicas = snapshot.nodes
    .filter((node) => node.node !== master && node.role === "replica")
    .map((node) => node.node);
  const first = <T>(all: T[]) => all.slice(run % Math.max(1, all.length)).slice(0, 1);
  const doomed = sentinels.length - votes(topology) + 1;
  return {
    master: [master],
    replica: first(replicas),
    sentinel: first(sentinels),
    quorum: sentinels.slice(0, doomed),
    everything: [...sentinels, ...topology.redis.nodes.map((node) => node.id)],
  };
}
