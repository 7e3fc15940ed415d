import type { RedisSeen, Snapshot } from "../cluster/snapshot.ts";
import type { NodeId } from "../topology/model.ts";

/** A replica that Sentinel could choose, as it was last seen before it chose. Null is what nobody knew. */
export interface Candidate {
  node: NodeId;
  /** `replica-priority`: the lowest above 0 is chosen first, 0 is never chosen. */
  priority: number | null;
  /** Replication offset: bytes. */
  offset: number | null;
  runId: string | null;
  /** Its link to the old master was up. */
  linked: boolean | null;
  /**
   * Behind the old master: bytes. Approximate: the old master's offset is that of the last look at it, up to 2 s
   * before it failed, and what it took in meanwhile is not in it.
   */
  lagBytes: number | null;
}

export type Rule = "only-one" | "priority" | "offset" | "run-id";

export interface Choice {
  /** What decided in sentinelSelectSlave; null when what was seen does not explain the choice. */
  rule: Rule | null;
  /** The same as a sentence. */
  why: string;
}

/**
 * The replicas that could be promoted in place of `from`.
 *
 * Priorities and offsets are those of `now`; links and the old master's offset those of `before`, since after its
 * death every link is down and nobody knows how far it had come. Both may be the same look.
 */
export function candidatesFor(from: NodeId, before: Snapshot | null, now: Snapshot): Candidate[] {
  const old = before?.nodes.find((node) => node.node === from);
  return now.nodes
    .filter((node) => node.node !== from && node.state === "up" && node.role === "replica")
    .map((node) => {
      const earlier = before?.nodes.find((each) => each.node === node.node);
      const { priority, offset, runId } = node;
      return {
        node: node.node,
        priority,
        offset,
        runId,
        linked: earlier === undefined ? null : earlier.link === "up",
        lagBytes: behind(old, node),
      };
    });
}

/** Only offsets of one history can be compared. */
function behind(old: RedisSeen | undefined, node: RedisSeen): number | null {
  if (old?.offset == null || node.offset === null || old.replId !== node.replId) return null;
  return Math.max(0, old.offset - node.offset);
}

/** Which rule of sentinelSelectSlave (priority, then offset, then run id) put `chosen` before all others. */
export function whyChosen(candidates: readonly Candidate[], chosen: NodeId): Choice | null {
  const it = candidates.find((each) => each.node === chosen);
  if (it === undefined) return null;
  const [first, ...more] = candidates
    .filter((each) => each.node !== chosen && each.priority !== 0)
    .sort(compare);
  if (first === undefined) return onlyOne(candidates, chosen);
  const [rule, words] = reason(it, first);
  if (compare(it, first) <= 0) return { rule, why: words };
  const better = [first, ...more].filter((each) => compare(each, it) < 0).map((each) => each.node);
  return {
    rule: null,
    why: `not explained by what was last seen: then ${better.join(" and ")} came first; offsets may have moved since`,
  };
}

function onlyOne(candidates: readonly Candidate[], chosen: NodeId): Choice {
  const barred = candidates.filter((each) => each.node !== chosen).map((each) => each.node);
  const others = barred.length === 0 ? "" : ` (priority 0: ${barred.join(", ")})`;
  return { rule: "only-one", why: `the only replica that could be promoted${others}` };
}

/** As compareSlavesForPromotion: what is not known decides nothing. */
function compare(a: Candidate, b: Candidate): number {
  return (
    difference(a.priority, b.priority) || difference(b.offset, a.offset) || compareRunIds(a.runId, b.runId)
  );
}

function difference(a: number | null, b: number | null): number {
  return a === null || b === null ? 0 : a - b;
}

/** With strcasecmp, not in the order of a language. */
function compareRunIds(a: string | null, b: string | null): number {
  const [one, other] = [a?.toLowerCase(), b?.toLowerCase()];
  if (one === undefined || other === undefined || one === other) return 0;
  return one < other ? -1 : 1;
}

function reason(chosen: Candidate, next: Candidate): [Rule | null, string] {
  if (difference(chosen.priority, next.priority) !== 0)
    return ["priority", `lowest priority, ${chosen.priority} (${next.node} has ${next.priority})`];
  const known = chosen.priority !== null && next.priority !== null;
  const equal = known ? "equal priorities" : "priorities not known";
  if (chosen.offset === null || next.offset === null) return [null, `${equal}; offsets not known`];
  const ahead = chosen.offset - next.offset;
  if (ahead !== 0)
    return [known ? "offset" : null, `${equal}; most advanced offset (${ahead} bytes ahead of ${next.node})`];
  if (chosen.runId === null || next.runId === null)
    return [null, `${equal}; equal offsets; run ids not known`];
  const ids = `${chosen.runId.slice(0, 8)} before ${next.runId.slice(0, 8)} of ${next.node}`;
  return [
    known ? "run-id" : null,
    `${known ? "equal priorities and offsets" : `${equal}; equal offsets`}; lowest run id (${ids})`,
  ];
}
