import type { NodeId, Topology } from "../topology/model.ts";
import { reinit, stopNode } from "./can-node.ts";
import { switchover } from "./can-switchover.ts";
import {
  candidate,
  linkedReplica,
  masterUpUnlessPaused,
  namedMasterUp,
  nobodyMissing,
  noFailover,
  noOtherOperation,
  notPaused,
  oneMaster,
  quorum,
  sentinelsListen,
  source,
  writable,
  type Condition,
  type Refusal,
} from "./conditions.ts";
import type { Snapshot } from "./snapshot.ts";
import { viewOf, type View } from "./view.ts";

export type Intent =
  | { operation: "testFailover" }
  | { operation: "pause" }
  | { operation: "reset" }
  | { operation: "reinit"; node: NodeId }
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
  if (intent.operation === "switchover") return switchover(intent);
  return "node" in intent ? ABOUT_NODE[intent.operation](intent.node) : CONDITIONS[intent.operation];
}

/** What each operation needs, the first missing thing being what is told. */
const CONDITIONS: Record<
  Exclude<Intent, { node: NodeId } | { to: NodeId | null }>["operation"],
  Condition[]
> = {
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
