import { accepts } from "./candidates.ts";
import { pauseSentence } from "./pause.ts";
import type { RedisSeen } from "./snapshot.ts";
import { listed, type View } from "./view.ts";

/** Why an operation is not allowed now, and what to do first. */
export interface Refusal {
  reason: string;
  next: string;
}

/** One thing that an operation needs: null when it is so. */
export type Condition = (view: View) => Refusal | null;

/** What is usually missing when nodes are. */
export const UP = "vedette up, then vedette health";

export function noOtherOperation({ snapshot: { operation } }: View): Refusal | null {
  if (operation === null) return null;
  return {
    reason: `${operation.name} is under way (process ${operation.pid})`,
    next: "wait until it has ended: vedette status --watch",
  };
}

/** For whatever needs a failover to be possible. */
export function notPaused({ snapshot: { pause, observedAt } }: View): Refusal | null {
  if (pause === null) return null;
  return { reason: pauseSentence(pause, observedAt), next: "vedette resume" };
}

/** One that lives and does not listen would go on with its short down-after as soon as it wakes up. */
export function sentinelsListen({ snapshot }: View): Refusal | null {
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
export function masterUpUnlessPaused(view: View): Refusal | null {
  return view.snapshot.pause === null ? namedMasterUp(view) : null;
}

/** What a Sentinel forgets while it is away it may not find again: an old master would come back as a second one. */
export function nobodyMissing({ snapshot, master }: View): Refusal | null {
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

export function quorum({ snapshot }: View): Refusal | null {
  const { ok, needed, reachable } = snapshot.quorum;
  if (ok) return null;
  const refusing = snapshot.sentinels.find((sentinel) => sentinel.quorumOk === false);
  const reason =
    reachable < needed || refusing === undefined
      ? `${reachable} of ${snapshot.sentinels.length} Sentinels answer and ${needed} must agree on a failover`
      : `${refusing.node} cannot reach a quorum: ${refusing.quorumMessage ?? "no reason given"}`;
  return { reason, next: "vedette up, then vedette health" };
}

export function namedMasterUp({ snapshot, master }: View): Refusal | null {
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

export function oneMaster({ snapshot }: View): Refusal | null {
  const masters = snapshot.nodes.filter((node) => node.role === "master" && !node.fenced);
  if (masters.length < 2) return null;
  return { reason: `${listed(masters.map((node) => node.node))} are both masters`, next: "vedette status" };
}

export function writable({ master }: View): Refusal | null {
  if (master?.fenced !== true) return null;
  return {
    reason: `${master.node} refuses writes until the Sentinels have confirmed it`,
    next: "vedette status --watch",
  };
}

export function noFailover({ failover }: View): Refusal | null {
  if (!failover) return null;
  return { reason: "a failover is under way", next: "vedette status --watch" };
}

/** A replica that every reachable Sentinel would take: whichever of them leads must find it. */
export function candidate(view: View): Refusal | null {
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

export function linkedReplica(view: View): Refusal | null {
  if (replicasWithLink(view).length > 0) return null;
  return { reason: "no replica has a link to the master", next: UP };
}

export function replicasWithLink({ snapshot }: View): RedisSeen[] {
  return snapshot.nodes.filter(
    (node) => node.state === "up" && node.role === "replica" && node.link === "up",
  );
}

/** The named master, or a linked replica, which has its data. */
export function source(view: View): Refusal | null {
  return replicasWithLink(view).length > 0 ? null : namedMasterUp(view);
}
