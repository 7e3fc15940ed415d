import type { NodeId, Topology } from "../topology/model.ts";
import { accepts, bestCandidate, unfit } from "./candidates.ts";
import type { RedisSeen, Snapshot } from "./snapshot.ts";
import { listed, viewOf, type View } from "./view.ts";

/** Why an operation is not allowed now, and what to do first. */
export interface Refusal {
  reason: string;
  next: string;
}

export type Intent =
  | { operation: "testFailover" }
  | { operation: "testReplication" }
  | { operation: "backup" }
  | { operation: "flushAll" }
  | { operation: "benchmark" }
  | { operation: "stopNode"; node: NodeId }
  /** `to` null: whoever is best. `lastMoveAt`: when the master was last moved, wall clock ms. */
  | { operation: "switchover"; to: NodeId | null; lastMoveAt: number | null };

/**
 * May this operation start on this cluster? Null when it may.
 *
 * Judges a snapshot only: an operation looks again before it acts, since the world may have moved.
 */
export function can(topology: Topology, snapshot: Snapshot, intent: Intent): Refusal | null {
  const view = viewOf(topology, snapshot);
  return firstOf(view, conditionsOf(intent));
}

function conditionsOf(intent: Intent): Condition[] {
  if (intent.operation === "stopNode") return stopNode(intent.node);
  return intent.operation === "switchover" ? switchover(intent) : CONDITIONS[intent.operation];
}

type Condition = (view: View) => Refusal | null;

/** What each operation needs, the first missing thing being what is told. */
const CONDITIONS: Record<Exclude<Intent["operation"], "stopNode" | "switchover">, Condition[]> = {
  testFailover: [noOtherOperation, quorum, namedMasterUp, oneMaster, writable, noFailover, candidate],
  testReplication: [namedMasterUp, oneMaster, writable, linkedReplica],
  // Taken from a replica where there is one; a cluster that is failing over still deserves its backup.
  backup: [noOtherOperation, source],
  flushAll: [noOtherOperation, namedMasterUp, oneMaster, writable, noFailover],
  benchmark: [noOtherOperation, namedMasterUp, oneMaster, writable, noFailover],
};

function firstOf(view: View, conditions: Condition[]): Refusal | null {
  for (const condition of conditions) {
    const refusal = condition(view);
    if (refusal !== null) return refusal;
  }
  return null;
}

function noOtherOperation({ snapshot: { operation } }: View): Refusal | null {
  if (operation === null) return null;
  return {
    reason: `${operation.name} is under way (process ${operation.pid})`,
    next: "wait until it has ended: vedette status --watch",
  };
}

function quorum({ snapshot }: View): Refusal | null {
  const { ok, needed, reachable } = snapshot.quorum;
  if (ok) return null;
  const refusing = snapshot.sentinels.find((sentinel) => sentinel.quorumOk === false);
  const reason =
    reachable < needed || refusing === undefined
      ? `${reachable} of ${snapshot.sentinels.length} Sentinels answer and ${needed} must agree on a failover`
      : `${refusing.node} cannot reach a quorum: ${refusing.quorumMessage ?? "no reason given"}`;
  return { reason, next: "vedette up, then vedette health" };
}

function namedMasterUp({ snapshot, master }: View): Refusal | null {
  if (snapshot.master === null) {
    return { reason: "no majority of the Sentinels names a master", next: "vedette sentinel-status" };
  }
  if (master === null) {
    const { host, port } = snapshot.master;
    return {
      reason: `the named master ${host}:${port} is no node of this topology`,
      next: "vedette sentinel-status",
    };
  }
  if (master.state !== "up") {
    return { reason: `the master ${master.node} is ${master.state}`, next: "vedette status --watch" };
  }
  if (master.role === "master") return null;
  return { reason: `${master.node} is named as master but is a replica`, next: "vedette status" };
}

function oneMaster({ snapshot }: View): Refusal | null {
  const masters = snapshot.nodes.filter((node) => node.role === "master" && !node.fenced);
  if (masters.length < 2) return null;
  return { reason: `${listed(masters.map((node) => node.node))} are both masters`, next: "vedette status" };
}

function writable({ master }: View): Refusal | null {
  if (master?.fenced !== true) return null;
  return {
    reason: `${master.node} refuses writes until the Sentinels have confirmed it`,
    next: "vedette status --watch",
  };
}

function noFailover({ failover }: View): Refusal | null {
  if (!failover) return null;
  return { reason: "a failover is under way", next: "vedette status --watch" };
}

/** A replica that every reachable Sentinel would take: whichever of them leads must find it. */
function candidate(view: View): Refusal | null {
  const linked = replicasWithLink(view);
  if (linked.length === 0)
    return { reason: "no replica could take over: none has a link to the master", next: UP };
  const promotable = linked.filter((node) => (node.priority ?? 0) > 0);
  if (promotable.length === 0) {
    return { reason: "no replica may be promoted: all have replica-priority 0", next: UP };
  }
  const taken = promotable.filter((node) =>
    view.reachable.every((sentinel) => accepts(view, sentinel, node)),
  );
  if (taken.length > 0) return null;
  return {
    reason: "no replica is known as good to every Sentinel yet: they ask every 10 s",
    next: "wait a little: vedette sentinel-status",
  };
}

const UP = "vedette up, then vedette health";

function linkedReplica(view: View): Refusal | null {
  if (replicasWithLink(view).length > 0) return null;
  return { reason: "no replica has a link to the master", next: UP };
}

function replicasWithLink({ snapshot }: View): RedisSeen[] {
  return snapshot.nodes.filter(
    (node) => node.state === "up" && node.role === "replica" && node.link === "up",
  );
}

/** The named master, or a linked replica, which has its data. */
function source(view: View): Refusal | null {
  return replicasWithLink(view).length > 0 ? null : namedMasterUp(view);
}

/** Stopping what is stopped already is no harm; stopping what the cluster stands on is. */
function stopNode(id: NodeId): Condition[] {
  return [
    noOtherOperation,
    (view) => known(view, id),
    (view) => lastMaster(view, id),
    (view) => lastVote(view, id),
  ];
}

/** A planned move has time: it waits for a cluster that would take it without a doubt. */
function switchover({ to, lastMoveAt }: { to: NodeId | null; lastMoveAt: number | null }): Condition[] {
  return [
    noOtherOperation,
    quorum,
    namedMasterUp,
    oneMaster,
    writable,
    noFailover,
    agreed,
    (view) => calmSince(view, lastMoveAt),
    (view) => (to === null ? someCandidate(view) : unfit(view, to)),
  ];
}

function agreed({ snapshot, reachable }: View): Refusal | null {
  const other = reachable.find(
    ({ masterNode, epoch }) => masterNode !== snapshot.master?.node || epoch !== snapshot.epoch,
  );
  if (other === undefined) return null;
  return { reason: `${other.node} does not agree with the others yet`, next: "vedette sentinel-status" };
}

/**
 * A Sentinel waits for four hello periods before it corrects a role that it did not expect (sentinelRefreshInstanceInfo):
 * sooner than that, somebody may still act on the world before the last move.
 */
function calmSince({ topology, snapshot }: View, lastMoveAt: number | null): Refusal | null {
  const calmMs = 4 * topology.sentinel.periods.publish;
  const since = lastMoveAt === null ? Infinity : snapshot.observedAt - lastMoveAt;
  if (since < 0 || since >= calmMs) return null;
  const wait = Math.ceil((calmMs - since) / 1000);
  return {
    reason: `the master was moved ${Math.round(since / 100) / 10} s ago, and the Sentinels need ${calmMs / 1000} s to be sure`,
    next: `try again in ${wait} s`,
  };
}

function someCandidate(view: View): Refusal | null {
  return bestCandidate(view) === null
    ? (candidate(view) ?? firstDoubt(view) ?? { reason: "no replica could take over", next: UP })
    : null;
}

function firstDoubt(view: View): Refusal | null {
  const [replica] = replicasWithLink(view);
  return replica === undefined ? null : unfit(view, replica.node);
}

function known({ topology }: View, id: NodeId): Refusal | null {
  const names = [...topology.redis.nodes, ...topology.sentinel.nodes].map((node) => node.id);
  if (names.includes(id)) return null;
  return { reason: `there is no node called ${id}`, next: `the nodes are ${listed(names)}` };
}

function lastMaster(view: View, id: NodeId): Refusal | null {
  if (view.master?.node !== id || view.master.state === "down") return null;
  const refusal = quorum(view) ?? candidate(view);
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
