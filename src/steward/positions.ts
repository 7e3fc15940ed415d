import type { RedisSeen, Snapshot } from "../cluster/snapshot.ts";
import type { Position, Positions } from "../runtimes/records.ts";
import type { NodeId } from "../topology/model.ts";

/**
 * The steward's regular note of how far every node is, with what this look adds to the last note.
 *
 * Only a confirmed master and replicas with a live link are noted: a node that has restarted and not synced
 * reports offset 1 whatever it holds, and must not overwrite what is known of its data.
 */
export function notePositions(
  previous: Positions | null,
  snapshot: Snapshot,
  dataSets: ReadonlyMap<NodeId, string | null>,
): Positions {
  const nodes: Record<NodeId, Position> = { ...previous?.nodes };
  for (const seen of snapshot.nodes) {
    const position = positionOf(seen, snapshot, dataSets.get(seen.node) ?? null);
    if (position !== null) nodes[seen.node] = position;
  }
  const epoch = Math.max(previous?.epoch ?? 0, snapshot.epoch ?? 0);
  return { at: snapshot.observedAt, epoch, master: snapshot.master?.node ?? previous?.master ?? null, nodes };
}

/** Whether two notes differ in more than their times: an idle cluster is not written down again and again. */
export function saysMore(previous: Positions | null, next: Positions): boolean {
  return previous === null || timeless(previous) !== timeless(next);
}

function positionOf(seen: RedisSeen, snapshot: Snapshot, dataId: string | null): Position | null {
  const isMaster = seen.role === "master" && seen.node === snapshot.master?.node && !seen.fenced;
  const isReplica = seen.role === "replica" && seen.link === "up";
  if (seen.state !== "up" || !(isMaster || isReplica) || seen.offset === null || seen.replId === null)
    return null;
  const keys = Object.values(seen.keys ?? {}).reduce((sum, count) => sum + count, 0);
  const role = isMaster ? "master" : "replica";
  return { at: snapshot.observedAt, role, replId: seen.replId, offset: seen.offset, keys, dataId };
}

function timeless(positions: Positions): string {
  const nodes = Object.entries(positions.nodes).map(([id, position]) => [id, { ...position, at: 0 }]);
  return JSON.stringify([positions.epoch, positions.master, nodes]);
}
