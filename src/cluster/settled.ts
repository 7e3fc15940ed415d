import { nodeAt, type Topology } from "../topology/model.ts";
import type { RedisSeen, SentinelSeen, Snapshot } from "./snapshot.ts";

/**
 * What still keeps the cluster from being whole: one sentence each, none when it is.
 *
 * Whole means that it would survive the loss of its master this instant: every Sentinel answers, agrees, has
 * polled every replica and would find it fit to be promoted (a Sentinel that has not polled answers NOGOODSLAVE).
 */
export function unsettled(topology: Topology, snapshot: Snapshot): string[] {
  const named = snapshot.master;
  if (named === null)
    return [
      ...snapshot.sentinels.flatMap(sentinelAnswers),
      "no majority of the Sentinels names a master yet",
    ];
  return [
    ...snapshot.nodes.flatMap((node) => nodeSettled(topology, node, named.node)),
    ...snapshot.sentinels.flatMap((sentinel) => sentinelSettled(topology, sentinel, snapshot)),
  ];
}

function nodeSettled(topology: Topology, seen: RedisSeen, master: string | null): string[] {
  if (seen.state !== "up")
    return [`${seen.node} is ${seen.state}${seen.reason === null ? "" : `: ${seen.reason}`}`];
  if (seen.node === master) {
    if (seen.role !== "master") return [`${seen.node} is named master but still a replica`];
    return seen.fenced ? [`${seen.node} refuses writes until the Sentinels confirm it as master`] : [];
  }
  if (seen.role !== "replica") return [`${seen.node} is not a replica yet`];
  if (seen.link !== "up") return [`${seen.node} is not in sync with its master yet`];
  const configured = topology.redis.nodes.find((node) => node.id === seen.node)?.priority ?? 0;
  return seen.priority === 0 && configured > 0 ? [`${seen.node} may not be promoted yet`] : [];
}

function sentinelSettled(topology: Topology, seen: SentinelSeen, snapshot: Snapshot): string[] {
  if (!seen.up) return sentinelAnswers(seen);
  if (seen.masterNode !== snapshot.master?.node || seen.epoch !== snapshot.epoch) {
    return [`${seen.node} does not agree with the others yet`];
  }
  const trouble = seen.flags.filter((flag) => ["s_down", "o_down", "failover_in_progress"].includes(flag));
  if (trouble.length > 0) return [`${seen.node} reports ${trouble.join(", ")}`];
  if (seen.quorumOk === false) return [`${seen.node} sees no quorum: ${seen.quorumMessage ?? ""}`];
  const others = topology.sentinel.nodes.length - 1;
  if (seen.otherSentinels !== null && seen.otherSentinels < others) {
    return [`${seen.node} knows ${seen.otherSentinels} of ${others} other Sentinels yet`];
  }
  return unknownReplicas(topology, seen, snapshot);
}

function unknownReplicas(topology: Topology, seen: SentinelSeen, snapshot: Snapshot): string[] {
  return topology.redis.nodes
    .filter((node) => node.id !== snapshot.master?.node)
    .flatMap((node) => {
      const fit = seen.replicas.some(
        (entry) =>
          nodeAt(topology, entry.host, entry.port)?.id === node.id &&
          entry.linkUp &&
          (entry.priority > 0 || node.priority === 0) &&
          !entry.flags.some((flag) => flag === "s_down" || flag === "disconnected"),
      );
      return fit ? [] : [`${seen.node} has not found ${node.id} fit to be promoted yet`];
    });
}

function sentinelAnswers(seen: SentinelSeen): string[] {
  return seen.up ? [] : [`${seen.node} does not answer${seen.reason === null ? "" : `: ${seen.reason}`}`];
}
