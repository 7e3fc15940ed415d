import type { NodeId } from "../topology/model.ts";
import { whyChosen, type Candidate, type Rule } from "./candidates.ts";
import type { Gathered } from "./failover-sources.ts";
import type { Evidence } from "./failover-times.ts";
import type { HistoryEvent } from "./history.ts";

/** Why that replica was promoted. */
export interface Chosen {
  /** The rule of sentinelSelectSlave that decided. */
  rule: Rule | null;
  why: string | null;
  /** Its `lagBytes`: how far behind the old master it was, approximately. */
  behindBytes: number | null;
  candidates: Candidate[] | null;
}

/** What the steward writes of a failover of which it knows no more. */
export const MOVED = "the Sentinels moved the master";

/**
 * `steward`, `vedette …`; `sentinel` when it decided by itself; `unknown` when it was asked by nobody of ours; null
 * when nobody told. `asked` is wall clock ms.
 */
export function whoAsked(
  { events, stories }: Gathered,
  asked: number | null,
  history: readonly HistoryEvent[],
): string | null {
  const owned = events.find(isAsker);
  if (owned !== undefined) return owned.by;
  if (asked === null) return stories.some((each) => each.leads) ? "sentinel" : null;
  const operation = history.find(
    ({ kind, time, durationsMs }) =>
      kind === "operation" && asked <= time && asked >= time - (durationsMs?.["total"] ?? 0),
  );
  return operation?.by ?? "unknown";
}

function isAsker({ kind, askedAt }: HistoryEvent): boolean {
  return kind === "switchover" || askedAt !== undefined;
}

/** Why it happened, as a sentence: what the asker says, else what Sentinel saw, and what others add. */
export function causeOf({ events, stories, from }: Gathered, askedBy: string | null): string {
  const told = events.flatMap(({ cause }) =>
    cause === undefined || cause === MOVED ? [] : [firstLine(cause)],
  );
  if (events.some(isAsker)) return [...new Set(told)].join("; ");
  const agreed = stories.find((each) => each.leads)?.agreed ?? null;
  const votes = agreed === null ? "" : ` (${agreed.replace("/", " agreed, ")} had to)`;
  const silence = `the Sentinels heard nothing of ${from ?? "the master"}${votes}`;
  const seen = askedBy === "sentinel" ? [silence] : askedBy === null ? [] : ["SENTINEL FAILOVER was sent"];
  return [...seen, ...told].join("; ") || MOVED;
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

/** What the steward or a test saw before it, else what the nodes logged. `promoted` is wall clock ms. */
export function chosenOf(evidence: Evidence, promoted: number | null): Chosen {
  const { to, events } = evidence.group;
  const knows = (event: HistoryEvent) => event.candidates?.some((each) => each.node === to) === true;
  const event = events.find((each) => isAsker(each) && knows(each)) ?? events.find(knows);
  const candidates = event?.candidates ?? candidatesOfLogs(evidence, promoted);
  const choice = candidates === null || to === null ? null : whyChosen(candidates, to);
  return {
    rule: choice?.rule ?? null,
    why: choice?.why ?? null,
    behindBytes: candidates?.find((each) => each.node === to)?.lagBytes ?? null,
    candidates,
  };
}

/** What the nodes say of their own offsets when they change masters; none of them tells its priority. */
function candidatesOfLogs({ topology, group, tales }: Evidence, promoted: number | null): Candidate[] | null {
  const { from, to } = group;
  if (to === null || promoted === null) return null;
  const forks = tales.findLast(({ node, what, time }) => node === to && what === "forks" && time <= promoted);
  if (forks?.what !== "forks") return null;
  const { replId, offset } = forks;
  const others = topology.redis.nodes
    .filter(({ id }) => id !== from && id !== to)
    .flatMap(({ id }) => {
      const asks = tales.find((tale) => tale.node === id && tale.what === "asks" && tale.time >= promoted);
      return asks?.what === "asks" && asks.replId === replId ? [onlyOffset(id, asks.offset)] : [];
    });
  return [onlyOffset(to, offset), ...others];
}

function onlyOffset(node: NodeId, offset: number): Candidate {
  return { node, offset, priority: null, runId: null, linked: null, lagBytes: null };
}
