import type { NodeId, Topology } from "../topology/model.ts";
import { pauseSentence } from "./pause.ts";
import type { RedisSeen, Snapshot } from "./snapshot.ts";
import { listed, sameNode, viewOf, type View } from "./view.ts";

/** Why an operation is not allowed now, and what to do first. */
export interface Refusal {
  reason: string;
  next: string;
}

export type Intent =
  | { operation: "testFailover" }
  | { operation: "pause" }
  | { operation: "reset" }
  | { operation: "reinit"; node: NodeId }
  | { operation: "testReplication" }
  | { operation: "backup" }
  | { operation: "flushAll" }
  | { operation: "benchmark" }
  | { operation: "stopNode"; node: NodeId };

/**
 * May this operation start on this cluster? Null when it may.
 *
 * Judges a snapshot only: an operation looks again before it acts, since the world may have moved.
 */
export function can(topology: Topology, snapshot: Snapshot, intent: Intent): Refusal | null {
  const view = viewOf(topology, snapshot);
  return firstOf(
    view,
    "node" in intent ? ABOUT_NODE[intent.operation](intent.node) : CONDITIONS[intent.operation],
  );
}

type Condition = (view: View) => Refusal | null;

/** What each operation needs, the first missing thing being what is told. */
const CONDITIONS: Record<Exclude<Intent, { node: NodeId }>["operation"], Condition[]> = {
  testFailover: [
    noOtherOperation,
    notPaused,
    quorum,
    namedMasterUp,
    oneMaster,
    writable,
    noFailover,
    candidate,
  ],
  testReplication: [namedMasterUp, oneMaster, writable, linkedReplica],
  // Taken from a replica where there is one; a cluster that is failing over still deserves its backup.
  backup: [noOtherOperation, source],
  flushAll: [noOtherOperation, namedMasterUp, oneMaster, writable, noFailover],
  benchmark: [noOtherOperation, namedMasterUp, oneMaster, writable, noFailover],
  pause: [noOtherOperation, sentinelsListen, masterUpUnlessPaused, noFailover],
  reset: [noOtherOperation, notPaused, quorum, namedMasterUp, oneMaster, noFailover, nobodyMissing],
};

const ABOUT_NODE: Record<Extract<Intent, { node: NodeId }>["operation"], (node: NodeId) => Condition[]> = {
  stopNode,
  reinit,
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

/** For whatever needs a failover to be possible. */
function notPaused({ snapshot: { pause, observedAt } }: View): Refusal | null {
  if (pause === null) return null;
  return { reason: pauseSentence(pause, observedAt), next: "vedette resume" };
}

/** One that lives and does not listen would go on with its short down-after as soon as it wakes up. */
function sentinelsListen({ snapshot }: View): Refusal | null {
  const deaf = snapshot.sentinels.filter((sentinel) => !sentinel.up && sentinel.pid !== null);
  const [first] = deaf;
  if (first === undefined) {
    const heard = snapshot.sentinels.some((sentinel) => sentinel.up);
    return heard ? null : { reason: "no Sentinel runs: there is nothing to pause", next: UP };
  }
  return {
    reason: `${listed(deaf.map((sentinel) => sentinel.node))} cannot be told: ${first.reason ?? "no answer"}`,
    next: `vedette restart ${first.node}, then pause again`,
  };
}

/** Silence from before the pause would count against its length; within one it does not. */
function masterUpUnlessPaused(view: View): Refusal | null {
  return view.snapshot.pause === null ? namedMasterUp(view) : null;
}

/** What a Sentinel forgets while it is away it may not find again: an old master would come back as a second one. */
function nobodyMissing({ snapshot, master }: View): Refusal | null {
  const away = [
    ...snapshot.nodes.filter((node) => node !== master && (node.state !== "up" || node.link !== "up")),
    ...snapshot.sentinels.filter((sentinel) => !sentinel.up || sentinel.tilt),
  ].map((each) => each.node);
  if (away.length === 0) return null;
  return {
    reason: `${listed(away)} ${away.length > 1 ? "are" : "is"} not well and would be forgotten: a node that the Sentinels do not know is neither redirected nor demoted when it returns, and a forgotten Sentinel makes the majority smaller`,
    next: "vedette up, or take out of the topology what is gone for good",
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

function accepts({ topology }: View, sentinel: Snapshot["sentinels"][number], node: RedisSeen): boolean {
  const entry = sentinel.replicas.find((replica) => sameNode(topology, replica, node));
  if (entry === undefined || entry.priority === 0) return false;
  return entry.linkUp && !entry.flags.some((flag) => flag === "s_down" || flag === "disconnected");
}

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

function reinit(id: NodeId): Condition[] {
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
