import type { RedisSeen, Snapshot } from "../cluster/snapshot.ts";
import { majority, type NodeId, type RedisNode, type Topology } from "../topology/model.ts";

/**
 * Settings that safe start left on a node and that its own helper should have taken back. If that helper died,
 * the steward does it; both come to the same, so it does no harm when they meet.
 */
export interface Repair {
  node: NodeId;
  /** CONFIG SET name value … */
  settings: string[];
  why: string;
}

/** What this look would repair. It is done only when the look before said the same (see `confirmed`). */
export function repairs(topology: Topology, snapshot: Snapshot): Repair[] {
  return snapshot.nodes.flatMap((seen) => {
    const node = topology.redis.nodes.find((each) => each.id === seen.node);
    if (node === undefined || seen.state !== "up") return [];
    return seen.role === "master" ? fenceToLift(topology, node, seen, snapshot) : priorityToGive(node, seen);
  });
}

/** Those of `now` that `before` asked for as well: a single look may fall into the middle of a failover. */
export function confirmed(before: readonly Repair[], now: readonly Repair[]): Repair[] {
  return now.filter((repair) => before.some((each) => each.node === repair.node && each.why === repair.why));
}

function fenceToLift(topology: Topology, node: RedisNode, seen: RedisSeen, snapshot: Snapshot): Repair[] {
  if (!seen.fenced || snapshot.master?.node !== node.id) return [];
  const heard = snapshot.sentinels.filter((each) => each.up);
  const calm = heard.every(
    (each) =>
      each.masterNode === node.id &&
      each.epoch === snapshot.epoch &&
      !each.flags.some((flag) => flag === "o_down" || flag === "failover_in_progress"),
  );
  // One Sentinel that cannot reach the master can do nothing alone; as many as the quorum can begin a failover.
  const down = heard.filter((each) => each.flags.includes("s_down"));
  if (down.length >= topology.sentinel.quorum) return [];
  if (!calm || heard.length < majority(topology)) return [];
  return [{ node: node.id, settings: replicaSettings(node), why: "the Sentinels confirm it as master" }];
}

function priorityToGive(node: RedisNode, seen: RedisSeen): Repair[] {
  if (seen.link !== "up" || seen.priority !== 0 || node.priority === 0) return [];
  const settings = ["replica-priority", String(node.priority), ...replicaSettings(node)];
  return [{ node: node.id, settings, why: "it is in sync with its master" }];
}

function replicaSettings(node: RedisNode): string[] {
  const { toWrite, maxLag } = node.minReplicas;
  return ["min-replicas-to-write", String(toWrite), "min-replicas-max-lag", String(maxLag)];
}
