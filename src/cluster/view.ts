import { nodeAt, type NodeId, type RedisNode, type Topology } from "../topology/model.ts";
import type { Address, RedisSeen, SentinelSeen, Snapshot } from "./snapshot.ts";

/** A snapshot with the few facts that many judgements start from. */
export interface View {
  topology: Topology;
  snapshot: Snapshot;
  /** The node that a majority of the Sentinels names, as it was seen; null when none of ours is named. */
  master: RedisSeen | null;
  masterUp: boolean;
  /** Some Sentinel says that a failover is under way. */
  failover: boolean;
  reachable: SentinelSeen[];
}

export function viewOf(topology: Topology, snapshot: Snapshot): View {
  const master = snapshot.nodes.find((node) => node.node === snapshot.master?.node) ?? null;
  const reachable = snapshot.sentinels.filter((sentinel) => sentinel.up);
  return {
    topology,
    snapshot,
    master,
    masterUp: master !== null && (master.state === "up" || master.state === "loading"),
    failover: reachable.some((sentinel) => sentinel.flags.includes("failover_in_progress")),
    reachable,
  };
}

export function configured(view: View, id: NodeId): RedisNode | null {
  return view.topology.redis.nodes.find((node) => node.id === id) ?? null;
}

/** `redis-slave-1`, or `10.0.0.9:6379` when no node of ours has that address. */
export function nameAt(topology: Topology, { host, port }: Address): string {
  return nodeAt(topology, host, port)?.id ?? `${host}:${port}`;
}

/** True when both are the address of one of our nodes, or are simply equal: a node may have several. */
export function sameNode(topology: Topology, one: Address, other: Address): boolean {
  return nameAt(topology, one) === nameAt(topology, other);
}

/** `a`, `a and b`, `a, b and c` */
export function listed(names: readonly string[]): string {
  const last = names.at(-1) ?? "";
  return names.length < 2 ? last : `${names.slice(0, -1).join(", ")} and ${last}`;
}
