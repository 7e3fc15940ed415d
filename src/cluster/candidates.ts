import type { NodeId, RedisNode } from "../topology/model.ts";
import type { Refusal } from "./conditions.ts";
import type { RedisSeen, SentinelSeen } from "./snapshot.ts";
import { configured, listed, sameNode, type View } from "./view.ts";

/** More than this would have to be caught up while writes are paused: bytes. */
export const MAX_BEHIND_BYTES = 10_000_000;

/** Would this Sentinel take the node, by what it has polled of it? */
export function accepts({ topology }: View, sentinel: SentinelSeen, node: RedisSeen): boolean {
  const entry = sentinel.replicas.find((replica) => sameNode(topology, replica, node));
  if (entry === undefined || entry.priority === 0) return false;
  return entry.linkUp && !entry.flags.some((flag) => flag === "s_down" || flag === "disconnected");
}

/** Why the master cannot be moved to this node now, or null when it can. */
export function unfit(view: View, id: NodeId): Refusal | null {
  const wanted = configured(view, id);
  const seen = view.snapshot.nodes.find((node) => node.node === id);
  if (wanted === null || seen === undefined) return notOne(view, id);
  if (view.master?.node === id) return { reason: `${id} is the master already`, next: "vedette status" };
  return byItsConfiguration(wanted) ?? byItsState(seen) ?? byTheSentinels(view, seen);
}

function notOne({ topology }: View, id: NodeId): Refusal {
  const sentinel = topology.sentinel.nodes.some((node) => node.id === id);
  const names = topology.redis.nodes.map((node) => node.id);
  const reason = sentinel ? `${id} is a Sentinel` : `there is no node called ${id}`;
  return { reason, next: `the nodes are ${listed(names)}` };
}

function byItsConfiguration({ id, priority }: RedisNode): Refusal | null {
  if (priority > 0) return null;
  const reason = `${id} has replica-priority 0 in the topology: it must never be promoted`;
  return { reason, next: "choose another one with --to" };
}

function byItsState(seen: RedisSeen): Refusal | null {
  const id = seen.node;
  if (seen.state !== "up") return { reason: `${id} is ${seen.state}`, next: "vedette up" };
  if (seen.role !== "replica") return { reason: `${id} is no replica`, next: "vedette status" };
  if (seen.link === "sync")
    return { reason: `${id} is being synced just now`, next: "vedette status --watch" };
  if (seen.link !== "up") {
    return { reason: `${id} has no link to the master`, next: "vedette up, then vedette health" };
  }
  if ((seen.priority ?? 0) === 0) {
    return { reason: `${id} may not be promoted yet`, next: "wait a little: vedette status --watch" };
  }
  const behind = seen.lagBytes;
  if (behind === null || behind <= MAX_BEHIND_BYTES) return null;
  const reason = `${id} is ${behind} bytes behind; writes would be paused until it has caught up`;
  return { reason, next: "vedette status --watch, and try again when it is closer" };
}

function byTheSentinels(view: View, seen: RedisSeen): Refusal | null {
  const doubting = view.reachable.find((sentinel) => !accepts(view, sentinel, seen));
  if (doubting === undefined) return null;
  return {
    reason: `${doubting.node} has not found ${seen.node} fit to be promoted yet: Sentinels ask every ${view.topology.sentinel.periods.info / 1000} s`,
    next: "wait a little: vedette sentinel-status",
  };
}

/**
 * The node that a switchover without `--to` moves the master to: as Sentinel chooses (sentinelSelectSlave: priority,
 * then offset, then run id), but by what the replicas say now, not by its last poll. Null when none is fit.
 */
export function bestCandidate(view: View): NodeId | null {
  const fit = view.snapshot.nodes.filter((node) => unfit(view, node.node) === null);
  const rank = (node: RedisSeen) => configured(view, node.node)?.priority ?? Infinity;
  const [best] = fit.toSorted(
    (one, other) =>
      rank(one) - rank(other) ||
      (other.offset ?? 0) - (one.offset ?? 0) ||
      (one.runId ?? "").localeCompare(other.runId ?? ""),
  );
  return best?.node ?? null;
}
