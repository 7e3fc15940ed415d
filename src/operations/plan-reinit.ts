import prettyBytes from "pretty-bytes";
import type { Snapshot } from "../cluster/snapshot.ts";
import type { DataRoom } from "../runtimes/runtime.ts";
import type { NodeId, RedisNode, Topology } from "../topology/model.ts";
import { STOP_DEADLINE_MS } from "./plan-down.ts";
import type { Step } from "./steps.ts";

export interface ReinitWish {
  node: NodeId;
  /** False deletes the old data before the new is there. */
  keep: boolean;
}

/** A slow network and a slow disk: bytes a second; and what a sync takes before its first byte: ms. */
const SLOWEST_SYNC = 5e6;
const SYNC_START_MS = 120_000;

/** The steps from a replica, in whatever state, to one with a fresh copy of its master's data. */
export function planReinit(snapshot: Snapshot, wish: ReinitWish, stamp: number): Step[] {
  const { node, keep } = wish;
  const deadlineMs = SYNC_START_MS + Math.ceil((dataOf(snapshot) / SLOWEST_SYNC) * 1000);
  return [
    // Should we be killed half way, the steward starts it, and it syncs all the same.
    { do: "want", nodes: [node], up: true },
    { do: "stop", node, mode: "graceful", deadlineMs: STOP_DEADLINE_MS },
    { do: "set-aside", node, stamp },
    ...(keep ? [] : [{ do: "delete-aside", node } as const]),
    { do: "start", node, force: false },
    { do: "await-synced", node, deadlineMs },
    ...(keep ? [{ do: "delete-aside", node } as const] : []),
  ];
}

/** Why the disk will not hold the old data and the new one, or null. */
export function tooLittleRoom(snapshot: Snapshot, room: DataRoom, keep: boolean): string | null {
  // The received RDB and the append-only file that is made of it; either is smaller than the data in memory.
  const needed = 2 * dataOf(snapshot);
  const free = room.freeBytes + (keep ? 0 : room.bytes);
  if (free >= needed) return null;
  return `a fresh copy may need ${prettyBytes(needed)} and ${prettyBytes(free)} are free`;
}

/** What the cluster goes without until the node is back, one sentence each. */
export function costsOfReinit(topology: Topology, snapshot: Snapshot, id: NodeId): string[] {
  const seen = snapshot.nodes.find((each) => each.node === id);
  if (seen?.link !== "up") return [];
  const fit = snapshot.nodes.filter(
    (each) => each.node !== id && each.role === "replica" && each.link === "up" && (each.priority ?? 0) > 0,
  );
  const costs =
    fit.length > 0
      ? []
      : ["no other replica could be promoted: if the master dies meanwhile, nobody takes over"];
  const master = snapshot.nodes.find((each) => each.node === snapshot.master?.node);
  const needed = nodeOf(topology, snapshot.master?.node)?.minReplicas.toWrite ?? 0;
  const left = (master?.connectedReplicas ?? 0) - 1;
  if (master && left < needed)
    costs.push(
      `${master.node} refuses writes meanwhile: ${left} replicas are left, min-replicas-to-write asks for ${needed}`,
    );
  return costs;
}

/** Bytes of data that a replica has to copy, as the master holds them in memory. */
function dataOf(snapshot: Snapshot): number {
  return snapshot.nodes.find((each) => each.node === snapshot.master?.node)?.memoryBytes ?? 0;
}

function nodeOf(topology: Topology, id: NodeId | null | undefined): RedisNode | null {
  return topology.redis.nodes.find((each) => each.id === id) ?? null;
}
