import type { NodeId } from "../topology/model.ts";
import {
  candidate,
  namedMasterUp,
  noFailover,
  noOtherOperation,
  notPaused,
  oneMaster,
  quorum,
  writable,
  type Condition,
  type Refusal,
} from "./conditions.ts";
import { listed, type View } from "./view.ts";

/** Stopping what is stopped already is no harm; stopping what the cluster stands on is. */
export function stopNode(id: NodeId): Condition[] {
  return [
    noOtherOperation,
    (view) => known(view, id),
    (view) => lastMaster(view, id),
    (view) => lastVote(view, id),
  ];
}

export function reinit(id: NodeId): Condition[] {
  return [
    noOtherOperation,
    (view) => known(view, id),
    (view) => aReplica(view, id),
    namedMasterUp,
    oneMaster,
    writable,
    noFailover,
  ];
}

/** Neither by the Sentinels' word nor by its own may a node be master whose data is to be deleted. */
function aReplica({ snapshot, topology }: View, id: NodeId): Refusal | null {
  if (!topology.redis.nodes.some((node) => node.id === id)) {
    return { reason: `${id} is a Sentinel and holds no data`, next: `vedette restart ${id}` };
  }
  const next = "rebuild a replica; to rebuild this node, move the master away from it first";
  if (snapshot.master?.node === id) return { reason: `${id} is the master`, next };
  const seen = snapshot.nodes.find((node) => node.node === id);
  return seen?.role === "master" ? { reason: `${id} answers as a master`, next } : null;
}

function known({ topology }: View, id: NodeId): Refusal | null {
  const names = [...topology.redis.nodes, ...topology.sentinel.nodes].map((node) => node.id);
  if (names.includes(id)) return null;
  return { reason: `there is no node called ${id}`, next: `the nodes are ${listed(names)}` };
}

function lastMaster(view: View, id: NodeId): Refusal | null {
  if (view.master?.node !== id || view.master.state === "down") return null;
  const refusal = notPaused(view) ?? quorum(view) ?? candidate(view);
  if (refusal === null) return null;
  return { reason: `${id} is the master and nobody could take over: ${refusal.reason}`, next: refusal.next };
}

function lastVote({ snapshot, reachable }: View, id: NodeId): Refusal | null {
  if (!reachable.some((sentinel) => sentinel.node === id)) return null;
  const left = reachable.length - 1;
  if (left >= snapshot.quorum.needed) return null;
  return {
    reason: `without ${id} only ${left} of ${snapshot.sentinels.length} Sentinels would answer, and ${snapshot.quorum.needed} must agree on a failover`,
    next: "start the other Sentinels first: vedette up",
  };
}
