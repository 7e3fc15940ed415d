import type { Finding } from "../finding.ts";
import type { SentinelSeen } from "../snapshot.ts";
import { staleEntries } from "../stale.ts";
import { listed, nameAt, sameNode, type View } from "../view.ts";

/** Can the Sentinels decide, do they agree, and do they know the cluster as it is? */
export function judgeSentinels(view: View): Finding[] {
  return [
    ...noQuorum(view),
    disagreement(view),
    ...view.snapshot.sentinels.flatMap((sentinel) =>
      sentinel.up ? knowledge(view, sentinel) : [absence(view, sentinel)],
    ),
  ].filter((finding) => finding !== null);
}

function noQuorum({ snapshot, reachable }: View): Finding[] {
  const { needed, reachable: count } = snapshot.quorum;
  if (count < needed) {
    return [
      {
        code: "NO_QUORUM",
        severity: "error",
        node: null,
        message: `${count} of ${snapshot.sentinels.length} Sentinels answer, ${needed} must agree: nobody can name a master or fail over`,
        action: "vedette up",
      },
    ];
  }
  return reachable
    .filter((sentinel) => sentinel.quorumOk === false && sentinel.master !== null)
    .map(({ node, quorumMessage }) => ({
      code: "NO_QUORUM",
      severity: "error",
      node,
      message: `${node} cannot reach a quorum: ${quorumMessage ?? "no reason given"}`,
      action: "vedette sentinel-status",
    }));
}

function absence({ snapshot }: View, sentinel: SentinelSeen): Finding {
  const { node, reason, authError, gaveUp, pid } = sentinel;
  const why = reason === null ? "" : `: ${reason}`;
  if (authError) {
    return {
      code: "SENTINEL_AUTH",
      severity: "error",
      node,
      message: `${node} rejects our password${why}`,
      action: `compare security.passwordFile in vedette.yaml with what ${node} was started with, then vedette restart ${node}`,
    };
  }
  if (gaveUp) {
    return {
      code: "NODE_GAVE_UP",
      severity: "error",
      node,
      message: `the steward gave ${node} up after too many restarts${why}`,
      action: `vedette logs ${node}, then vedette start ${node}`,
    };
  }
  return pid === null
    ? sentinelDown(snapshot.steward.running && snapshot.pause === null, sentinel)
    : sentinelSilent(sentinel);
}

function sentinelSilent({ node, reason, pid }: SentinelSeen): Finding {
  return {
    code: "SENTINEL_DOWN",
    severity: "warning",
    node,
    message: `${node} (process ${pid}) does not answer${reason === null ? "" : `: ${reason}`}`,
    action: `vedette logs ${node}, then vedette restart ${node}`,
  };
}

function sentinelDown(steward: boolean, { node, reason, wanted }: SentinelSeen): Finding {
  const why = wanted ? (reason === null ? "" : `: ${reason}`) : ": it was stopped on request";
  const restarted = wanted && steward;
  return {
    code: "SENTINEL_DOWN",
    severity: "warning",
    node,
    message: `${node} is not running${why}${restarted ? "; the steward restarts it" : ""}`,
    action: restarted ? `vedette logs ${node}` : wanted ? "vedette up" : `vedette start ${node}`,
  };
}

/** A majority that names a master, and a minority that does not. Without a majority it is NO_MASTER. */
function disagreement({ topology, snapshot, reachable, failover }: View): Finding | null {
  const { master, epoch } = snapshot;
  if (master === null || failover) return null;
  const others = reachable.filter(
    (sentinel) =>
      sentinel.master !== null && (!sameNode(topology, sentinel.master, master) || sentinel.epoch !== epoch),
  );
  if (others.length === 0) return null;
  const opinions = others.map(
    (sentinel) =>
      `${sentinel.node} names ${nameAt(topology, sentinel.master ?? master)} at epoch ${sentinel.epoch ?? "unknown"}`,
  );
  return {
    code: "SENTINELS_DISAGREE",
    severity: "warning",
    node: null,
    message: `the majority names ${nameAt(topology, master)} and the highest epoch is ${epoch ?? "unknown"}, but ${listed(opinions)}`,
    action: "vedette sentinel-status",
  };
}

/** A Sentinel that watches nothing knows nothing, and needs no list of what. */
function knowledge(view: View, sentinel: SentinelSeen): (Finding | null)[] {
  if (sentinel.master === null) return [notMonitoring(view, sentinel)];
  return [
    tilt(view, sentinel),
    seesDown(view, sentinel),
    missesReplica(view, sentinel),
    missesPeer(view, sentinel),
    staleEntry(view, sentinel),
  ];
}

function notMonitoring({ topology }: View, { node }: SentinelSeen): Finding {
  return {
    code: "SENTINEL_NOT_MONITORING",
    severity: "error",
    node,
    message: `${node} answers but does not watch a master called ${topology.name}`,
    action: `vedette logs ${node}, then vedette restart ${node}`,
  };
}

function tilt({ topology }: View, { node, tilt: tilted }: SentinelSeen): Finding | null {
  if (!tilted) return null;
  return {
    code: "SENTINEL_TILT",
    severity: "warning",
    node,
    message: `${node} is in TILT: its clock jumped or it was paused, and for ${topology.sentinel.periods.tilt / 1000} s it acts on nothing`,
    action: "vedette status --watch; if it returns, look for a paused or overloaded machine",
  };
}

/** It holds a node for down that answers us: wrong credentials, an address that only we can reach. */
function seesDown(view: View, sentinel: SentinelSeen): Finding | null {
  const { snapshot, topology, failover } = view;
  if (failover) return null;
  const answering = snapshot.nodes.filter((node) => node.state === "up");
  const wrong = answering.filter((node) => {
    if (sentinel.masterNode === node.node) return sentinel.flags.includes("s_down");
    const entry = sentinel.replicas.find((replica) => sameNode(topology, replica, node));
    return entry?.flags.includes("s_down") ?? false;
  });
  if (wrong.length === 0) return null;
  return {
    code: "SENTINEL_SEES_DOWN",
    severity: "warning",
    node: sentinel.node,
    message: `${sentinel.node} holds ${listed(wrong.map((node) => node.node))} for down, though it answers us`,
    action: `vedette logs ${sentinel.node}`,
  };
}

/** A replica that a Sentinel has not met is no candidate of its failover. */
function missesReplica({ snapshot, topology }: View, sentinel: SentinelSeen): Finding | null {
  const missing = snapshot.nodes.filter(
    (node) =>
      node.role === "replica" &&
      node.link === "up" &&
      node.node !== sentinel.masterNode &&
      !sentinel.replicas.some((replica) => sameNode(topology, replica, node)),
  );
  if (missing.length === 0) return null;
  return {
    code: "SENTINEL_MISSES_REPLICA",
    severity: "warning",
    node: sentinel.node,
    message: `${sentinel.node} does not know ${listed(missing.map((node) => node.node))} yet: it asks the master every ${topology.sentinel.periods.info / 1000} s`,
    action: "vedette status --watch",
  };
}

function missesPeer({ reachable }: View, { node, otherSentinels }: SentinelSeen): Finding | null {
  const expected = reachable.length - 1;
  if (otherSentinels === null || otherSentinels >= expected) return null;
  return {
    code: "SENTINEL_MISSES_PEER",
    severity: "warning",
    node,
    message: `${node} knows ${otherSentinels} other Sentinels, expected ${expected}`,
    action: `vedette status --watch; if it stays, vedette logs ${node}`,
  };
}

/** Sentinel's lists only grow. A stale peer counts as a voter, a stale replica as a candidate. */
function staleEntry({ topology, snapshot }: View, sentinel: SentinelSeen): Finding | null {
  const strangers = staleEntries(topology, snapshot.sentinels.length, sentinel);
  if (strangers.length === 0) return null;
  return {
    code: "SENTINEL_STALE_ENTRY",
    severity: "warning",
    node: sentinel.node,
    message: `${sentinel.node} remembers ${listed(strangers)}, which this topology does not have`,
    action: "vedette reset",
  };
}
