import type { NodeId } from "../topology/model.ts";
import { bestCandidate, unfit } from "./candidates.ts";
import {
  candidate,
  namedMasterUp,
  noFailover,
  noOtherOperation,
  notPaused,
  oneMaster,
  quorum,
  replicasWithLink,
  UP,
  writable,
  type Condition,
  type Refusal,
} from "./conditions.ts";
import type { View } from "./view.ts";

/** A planned move has time: it waits for a cluster that would take it without a doubt. */
export function switchover(wish: { to: NodeId | null; lastMoveAt: number | null }): Condition[] {
  const { to, lastMoveAt } = wish;
  return [
    noOtherOperation,
    notPaused,
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
