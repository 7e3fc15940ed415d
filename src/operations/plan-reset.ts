import type { Snapshot } from "../cluster/snapshot.ts";
import { staleEntries } from "../cluster/stale.ts";
import type { NodeId, Topology } from "../topology/model.ts";
import type { Step } from "./steps.ts";

/**
 * Between two resets: ms. A Sentinel that was reset knows no replica until its next INFO and no other Sentinel until
 * their next hello; two at once could leave no majority that knows enough to fail over.
 */
export const RESET_SPACING_MS = 30_000;

/** INFO every 10 s finds the replicas, and the next one their state: ms. */
const REDISCOVERY_DEADLINE_MS = 60_000;

/** What one Sentinel remembers too much. */
export interface Stale {
  node: NodeId;
  entries: string[];
}

export function staleOf(topology: Topology, snapshot: Snapshot): Stale[] {
  const count = topology.sentinel.nodes.length;
  return snapshot.sentinels
    .filter((each) => each.up)
    .map((each) => ({ node: each.node, entries: staleEntries(topology, count, each) }));
}

/** One Sentinel at a time; each has to know the whole cluster again before the next one forgets it. */
export function planReset(nodes: readonly NodeId[], spacingMs: number): Step[] {
  return nodes.flatMap((node, i): Step[] => [
    ...(i > 0 ? [{ do: "rest", ms: spacingMs } as const] : []),
    { do: "reset-sentinel", node },
    { do: "await", condition: "settled", deadlineMs: REDISCOVERY_DEADLINE_MS },
  ]);
}
