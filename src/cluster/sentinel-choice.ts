import { nodeAt, type NodeId, type Topology } from "../topology/model.ts";
import type { RedisSeen, SentinelSeen, Snapshot } from "./snapshot.ts";

/**
 * The replica that this Sentinel would promote, by what it has polled: the lowest priority above 0, then the highest
 * offset, then the smallest run id (compareSlavesForPromotion). Null when it finds none fit.
 */
export function wouldChoose(topology: Topology, sentinel: SentinelSeen): NodeId | null {
  const fit = sentinel.replicas.filter(
    ({ priority, flags }) =>
      priority > 0 &&
      !flags.some((flag) => flag === "s_down" || flag === "o_down" || flag === "disconnected"),
  );
  const [first] = fit.toSorted(
    (one, other) =>
      one.priority - other.priority ||
      (other.offset ?? 0) - (one.offset ?? 0) ||
      compareRunIds(one.runId, other.runId),
  );
  return first === undefined ? null : (nodeAt(topology, first.host, first.port)?.id ?? null);
}

/** strcasecmp; an instance whose run id is not known yet counts as the greatest. */
function compareRunIds(one: string | null, other: string | null): number {
  if (one === null || other === null) return Number(one === null) - Number(other === null);
  const [a, b] = [one.toLowerCase(), other.toLowerCase()];
  return a < b ? -1 : Number(a > b);
}

export type Choice =
  /** Whoever it promotes has all that is left of the data. */
  | "good"
  /** Somebody still reads what the dead master has sent. */
  | "draining"
  /** By its last poll, 10 s old at most, it would promote one that has less than another. */
  | "stale";

/**
 * Would a forced failover that this Sentinel begins now promote a replica that has everything? Sentinel compares the
 * offsets of its last poll; what counts after a crash are those of now. Unequal priorities are the user's word: among
 * them the best priority is compared only with its equals.
 */
export function judgeChoice(topology: Topology, sentinel: SentinelSeen, now: Snapshot): Choice {
  const alive = now.nodes.filter(
    (node) => node.state === "up" && node.role === "replica" && (node.priority ?? 0) > 0,
  );
  const best = Math.min(...alive.map((node) => node.priority ?? Infinity));
  const rivals = alive.filter((node) => node.priority === best);
  if (rivals.length < 2) return "good";
  const highest = Math.max(...rivals.map(offsetOf));
  if (rivals.every((node) => offsetOf(node) === highest)) return "good";
  if (rivals.some((node) => node.link === "up")) return "draining";
  const chosen = rivals.find((node) => node.node === wouldChoose(topology, sentinel));
  return chosen !== undefined && offsetOf(chosen) === highest ? "good" : "stale";
}

function offsetOf({ offset }: RedisSeen): number {
  return offset ?? 0;
}
