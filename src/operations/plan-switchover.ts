import { bestCandidate } from "../cluster/candidates.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { viewOf } from "../cluster/view.ts";
import { nodeAt, type NodeId, type Topology } from "../topology/model.ts";
import { SETTLE_DEADLINE_MS } from "./plan-up.ts";
import type { Step } from "./steps.ts";

/** A switchover as it would be done, and the cluster before and after. */
export interface SwitchoverPlan {
  from: NodeId;
  to: NodeId;
  epoch: number | null;
  /** Redis' own deadline of the pause: ms. */
  pauseMs: number;
  replicas: { before: NodeId[]; after: NodeId[] };
  steps: Step[];
}

/** No pause is longer, however patient the Sentinels are: ms. */
const LONGEST_PAUSE_MS = 5_000;

/**
 * The plan on a cluster on which `can` allows it; null when there is no master or nobody to move it to.
 *
 * The pause stays within half of down-after: Sentinel's hello PUBLISH is a write and shares its connection with the
 * PING, so a longer pause makes the master look dead (measured: 3 of 3 failed over by themselves).
 */
export function planSwitchover(
  topology: Topology,
  snapshot: Snapshot,
  wanted: NodeId | null,
): SwitchoverPlan | null {
  const from = snapshot.master?.node ?? null;
  const to = wanted ?? bestCandidate(viewOf(topology, snapshot));
  if (from === null || to === null) return null;
  const pauseMs = Math.min(LONGEST_PAUSE_MS, Math.floor(topology.sentinel.downAfterMs / 2));
  const nodes = topology.redis.nodes.map((node) => node.id);
  return {
    from,
    to,
    epoch: snapshot.epoch,
    pauseMs,
    replicas: { before: nodes.filter((id) => id !== from), after: nodes.filter((id) => id !== to) },
    steps: [
      { do: "prefer", node: to },
      { do: "move-master", from, to, pauseMs },
      { do: "restore-settings" },
      { do: "hurry-sentinels" },
      { do: "await", condition: "settled", deadlineMs: SETTLE_DEADLINE_MS },
      { do: "set-periods" },
    ],
  };
}

/** What each replica's priority must be so that a Sentinel can choose nobody but `to`: the lowest above 0 wins. */
export function preferredPriorities(topology: Topology, snapshot: Snapshot, to: NodeId): Map<NodeId, number> {
  const others = snapshot.nodes.filter(
    (node) => node.state === "up" && node.role === "replica" && node.node !== to && node.priority === 1,
  );
  const fallback = (id: NodeId) =>
    Math.max(2, topology.redis.nodes.find((node) => node.id === id)?.priority ?? 0);
  return new Map([[to, 1], ...others.map(({ node }): [NodeId, number] => [node, fallback(node)])]);
}

/** A Sentinel that would not choose `to` yet, because it has not polled the priorities; null when all would. */
export function notConvinced(topology: Topology, snapshot: Snapshot, to: NodeId): string | null {
  const isTarget = ({ host, port }: { host: string; port: number }) =>
    nodeAt(topology, host, port)?.id === to;
  for (const sentinel of snapshot.sentinels.filter((each) => each.up)) {
    const own = sentinel.replicas.find(isTarget);
    if (own?.priority !== 1) return `${sentinel.node} has not polled the priority of ${to} yet`;
    const rival = sentinel.replicas.find((each) => !isTarget(each) && each.priority === 1);
    if (rival) return `${sentinel.node} would still choose ${rival.host}:${rival.port}, too`;
  }
  return null;
}
