import { leastDownAfterMs } from "../topology/failover-profiles.ts";
import { majority, nodeAt, type NodeId, type RedisNode, type Topology } from "../topology/model.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import type { Decided } from "./election.ts";

/** What one Sentinel answered while the chosen replica was being promoted. */
export interface SentinelSaid {
  node: NodeId;
  /** The id under which it votes, which is not the run id of its INFO. */
  id: string;
  flags: readonly string[];
  /** config-epoch of the master's entry. */
  epoch: number | null;
  downAfterMs: number | null;
  /** Null when it cannot tell (Redis 6.2): then it is the stock one. */
  pingMs: number | null;
}

export interface SpreadFacts {
  /** Why nothing may be done now, as a clause, or null. */
  held: string | null;
  /** Since we heard of the choice: ms, monotonic. */
  ageMs: number;
  /** Those that answered. */
  said: readonly SentinelSaid[];
  /** The last look, which may be from before the failover. */
  before: Snapshot | null;
}

export type SpreadDecision =
  { do: "spread"; id: string; promoted: RedisNode; others: RedisNode[] } | { do: "leave"; why: string };

/** A promotion takes a few of Sentinel's ticks; whoever learns of it later than this was frozen, or it failed: ms. */
export const PROMOTION_DEADLINE_MS = 3_000;

/** sentinel_ping_period where nobody can change it: ms. */
const STOCK_PING_MS = 1000;

/** Judges whether the steward carries a Sentinel's own decision to the others. In every doubt it is left alone. */
export function decideSpreading(topology: Topology, decided: Decided, facts: SpreadFacts): SpreadDecision {
  const { said, before } = facts;
  const why = ourOwnState(topology, facts) ?? whatTheLeaderSays(topology, decided, said) ?? unsafe(said);
  if (why !== null) return { do: "leave", why };
  const id = said.find((each) => each.node === decided.leader)?.id;
  const promoted = nodeAt(topology, decided.chosen.host, decided.chosen.port);
  if (id === undefined || promoted?.kind !== "redis")
    return { do: "leave", why: "the chosen replica is no node of this topology" };
  if (before === null) return { do: "leave", why: "the steward has not looked around yet" };
  return { do: "spread", id, promoted, others: followers(topology, decided, promoted, before) };
}

function ourOwnState(topology: Topology, { held, ageMs }: SpreadFacts): string | null {
  if (!topology.failover.spread) return "spreadDecision is off";
  if (held !== null) return held;
  return ageMs > PROMOTION_DEADLINE_MS ? "we were frozen, or the promotion took too long" : null;
}

function whatTheLeaderSays(
  topology: Topology,
  decided: Decided,
  said: readonly SentinelSaid[],
): string | null {
  const needed = Math.max(majority(topology), topology.sentinel.quorum);
  if (said.length < needed) return `only ${said.length} Sentinels answer`;
  const leader = said.find((each) => each.node === decided.leader);
  if (leader === undefined) return `${decided.leader}, which leads it, does not answer`;
  if (!leader.flags.includes("failover_in_progress")) return `${decided.leader} leads no failover any more`;
  const later = said.find((each) => (each.epoch ?? Infinity) >= decided.epoch);
  return later === undefined ? null : `${later.node} is at epoch ${later.epoch ?? "unknown"} already`;
}

/** Rule A on what is in force: otherwise a Sentinel that is told early takes the new master for down. */
function unsafe(said: readonly SentinelSaid[]): string | null {
  const hasty = said.find(
    ({ downAfterMs, pingMs }) => (downAfterMs ?? 0) < leastDownAfterMs(pingMs ?? STOCK_PING_MS),
  );
  return hasty === undefined ? null : `the down-after of ${hasty.node} is too short for its ping period`;
}

/** Every replica that was up, but for the old master and the new one. */
function followers(
  topology: Topology,
  { from }: Decided,
  promoted: RedisNode,
  { nodes }: Snapshot,
): RedisNode[] {
  const old = nodeAt(topology, from.host, from.port);
  return topology.redis.nodes.filter(
    ({ id }) =>
      id !== promoted.id &&
      id !== old?.id &&
      nodes.some((seen) => seen.node === id && seen.state === "up" && seen.role === "replica"),
  );
}
