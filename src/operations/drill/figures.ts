import type { NodeId } from "../../topology/model.ts";
import { tenths } from "../failover-marks.ts";
import type { Accepted, LaneRecord, LaneState, Throughput } from "./record.ts";

/** What a run measured, computed from what was noted. Times that come in are monotonic ms. */

/**
 * The longest time without an acknowledged write, and when it began, from the last one before `faultAt` on. Null when
 * none was acknowledged after it.
 */
export function longestGap(
  acknowledgedAt: readonly number[],
  faultAt: number,
): { from: number; ms: number } | null {
  const times = acknowledgedAt.toSorted((a, b) => a - b);
  const after = times.findIndex((at) => at >= faultAt);
  if (after === -1) return null;
  const from = times.slice(Math.max(0, after - 1));
  const gaps = from.slice(1).map((at, i) => ({ from: from[i] ?? at, ms: tenths(at - (from[i] ?? at)) }));
  return gaps.reduce((most, each) => (each.ms > most.ms ? each : most), { from: faultAt, ms: 0 });
}

/** One Sentinel's announcement that it sends clients to another node. */
export interface Switched {
  sentinel: NodeId;
  at: number;
  to: NodeId;
}

/** Who was promoted, in order: as told by the Sentinel that heard of the most, since one may have been away. */
export function promotions(switches: readonly Switched[], before: NodeId, after: NodeId | null): NodeId[] {
  const sentinels = new Set(switches.map((each) => each.sentinel));
  const told = [...sentinels]
    .map((sentinel) => switches.filter((each) => each.sentinel === sentinel).map(({ to }) => to))
    .reduce<NodeId[]>((most, each) => (each.length > most.length ? each : most), []);
  if (told.length === 0 && after !== null && after !== before) return [after];
  return told;
}

/**
 * Writes that a node took after another one had become master: a master that has been replaced takes none, unless
 * it is promoted again.
 */
export function secondMasterWrites(
  accepted: readonly Accepted[],
  switches: readonly Switched[],
): { writes: number; nodes: NodeId[] } {
  const replaced = new Map<NodeId, number>();
  const second: NodeId[] = [];
  let master: NodeId | null = null;
  for (const { at, node } of accepted.toSorted((a, b) => a.at - b.at)) {
    if (node === master) continue;
    const since = replaced.get(node);
    const again = since !== undefined && switches.some((s) => s.to === node && s.at > since && s.at <= at);
    if (since !== undefined && !again) {
      second.push(node);
      continue;
    }
    if (master !== null) replaced.set(master, at);
    replaced.delete(node);
    master = node;
  }
  return { writes: second.length, nodes: [...new Set(second)] };
}

/** Counts events per bucket of time; `zeroAt` is where ms are counted from. */
export function throughput(
  times: Record<"acknowledged" | "lost" | "failed", readonly number[]>,
  span: { from: number; to: number; zeroAt: number },
  bucketMs: number,
): Throughput {
  const buckets = Math.max(1, Math.ceil((span.to - span.from) / bucketMs));
  const count = (moments: readonly number[]) => {
    const counts = Array.from({ length: buckets }, () => 0);
    for (const at of moments) {
      const bucket = Math.floor((at - span.from) / bucketMs);
      if (bucket >= 0 && bucket < buckets) counts[bucket] = (counts[bucket] ?? 0) + 1;
    }
    return counts;
  };
  return {
    fromMs: tenths(span.from - span.zeroAt),
    bucketMs,
    acknowledged: count(times.acknowledged),
    lost: count(times.lost),
    failed: count(times.failed),
  };
}

export function laneRecord(
  node: { id: NodeId; kind: "redis" | "sentinel" },
  stretches: readonly { at: number; state: LaneState }[],
  span: { to: number; zeroAt: number },
): LaneRecord {
  return {
    node: node.id,
    kind: node.kind,
    stretches: stretches.map(({ at, state }, i) => ({
      fromMs: tenths(at - span.zeroAt),
      toMs: tenths((stretches[i + 1]?.at ?? span.to) - span.zeroAt),
      state,
    })),
  };
}

/** How often each reason was given, the commonest first. */
export function tally(reasons: readonly string[]): Record<string, number> {
  const counts = new Map<string, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return Object.fromEntries([...counts].toSorted((a, b) => b[1] - a[1]));
}
