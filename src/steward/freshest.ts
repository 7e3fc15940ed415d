import type { Snapshot } from "../cluster/snapshot.ts";
import type { Position, Positions, Records } from "../runtimes/records.ts";
import { majority, type NodeId, type Topology } from "../topology/model.ts";

/**
 * The replicas that may be promoted although they have not synced in this life: those whose recorded positions
 * prove that no other surviving node holds newer data.
 *
 * Asked only when nothing better can happen: the named master is gone (a majority of the Sentinels has it
 * objectively down), and no replica is promotable. Live offsets are worthless here, since all restart at 1.
 */
export function provenFreshest(topology: Topology, snapshot: Snapshot, records: Records): NodeId[] {
  const master = snapshot.master?.node ?? null;
  const { positions } = records;
  if (master === null || positions === null || !needsFreshest(topology, snapshot)) return [];
  if (positions.epoch < (snapshot.epoch ?? 0)) return [];
  const candidates = topology.redis.nodes.filter((node) => node.id !== master);
  const history =
    positions.nodes[master]?.replId ?? commonHistory(candidates.map((node) => positions.nodes[node.id]));
  // A node of which nothing was ever recorded may hold anything.
  if (history === null || candidates.some((node) => positions.nodes[node.id] === undefined)) return [];
  const intact = candidates.filter((node) => keptItsData(node.id, records, positions));
  const best = Math.max(...intact.map((node) => positions.nodes[node.id]?.offset ?? -1));
  return intact
    .filter((node) => node.priority > 0)
    .filter((node) => isWaitingReplica(snapshot, node.id))
    .filter((node) => isAtFront(positions.nodes[node.id], history, best))
    .map((node) => node.id);
}

/** Whether nothing better can happen: worth the reading of every node's records. */
export function needsFreshest(topology: Topology, snapshot: Snapshot): boolean {
  const master = snapshot.master?.node ?? null;
  const gone = snapshot.nodes.some(
    (node) => node.node === master && (node.state === "down" || node.state === "waiting"),
  );
  const agreed = snapshot.sentinels.filter(
    (each) => each.flags.includes("o_down") || each.flags.includes("s_down"),
  );
  const promotable = snapshot.nodes.some((node) => node.role === "replica" && (node.priority ?? 0) > 0);
  return gone && agreed.length >= majority(topology) && !promotable;
}

/** After a wipe the directory has a new name, or none. A node that is down keeps what its directory holds. */
function keptItsData(id: NodeId, records: Records, positions: Positions): boolean {
  const record = records.redis.find((each) => each.node === id);
  const dataId = positions.nodes[id]?.dataId ?? null;
  return record !== undefined && record.hasData && dataId !== null && record.dataId === dataId;
}

function isWaitingReplica(snapshot: Snapshot, id: NodeId): boolean {
  return snapshot.nodes.some(
    (node) => node.node === id && node.state === "up" && node.role === "replica" && node.priority === 0,
  );
}

function isAtFront(position: Position | undefined, history: string, best: number): boolean {
  return position !== undefined && position.replId === history && position.offset === best;
}

function commonHistory(positions: (Position | undefined)[]): string | null {
  const [first, ...rest] = positions;
  return first !== undefined && rest.every((each) => each?.replId === first.replId) ? first.replId : null;
}
