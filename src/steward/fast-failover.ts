import { neededReplicas } from "../topology/durability.ts";
import { pauseSentence } from "../cluster/pause.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { majority, type NodeId, type Topology } from "../topology/model.ts";

/**
 * Whether the steward asks Sentinel for a failover at once.
 *
 * Sentinel waits for down-after because silence is ambiguous; the end of a process is not. A forced failover needs
 * no votes, so the evidence must be certain and nothing else may be under way: in every doubt the case is left to
 * Sentinel's own pace, which ends in the same place.
 */
export interface MasterDeath {
  /** The node that the last calm look showed as master. */
  master: NodeId;
  /** The config epoch of that look. */
  epoch: number | null;
  /** Only the runtime's report counts: a refused connection may be a firewall's. */
  evidence: "process-ended" | "silence";
  /** The user wants the node up: it did not end on request. */
  wanted: boolean;
  /** An operation that held the lease when the process ended. */
  operation: string | null;
  /** We were frozen, or our clock jumped. */
  tilted: boolean;
  /** This death was acted on before. */
  handled: boolean;
}

/**
 * Longer than a failover that was asked for takes until it is spread: ms. A master that hung and then ended is about to
 * be taken for down; a Sentinel that is elected meanwhile would lead a second failover beside the one asked for.
 */
const AHEAD_OF_SENTINEL_MS = 400;

export type FastDecision = { do: "ask"; sentinel: NodeId } | { do: "leave"; why: string };

/** Judges a death by a look that was taken after it. */
export function decideFastFailover(topology: Topology, death: MasterDeath, now: Snapshot): FastDecision {
  const why =
    ourOwnState(topology, death) ??
    held(now) ??
    whatTheSentinelsSay(topology, death, now) ??
    whoCouldFollow(now, death.master) ??
    whatConfirmedNeeds(topology, now, death.master);
  if (why !== null) return { do: "leave", why };
  // Clients ask the Sentinels in order: the one that is busy with the failover should be the last they meet.
  const asked = now.sentinels.findLast((each) => each.up);
  return asked === undefined
    ? { do: "leave", why: "no Sentinel answers" }
    : { do: "ask", sentinel: asked.node };
}

function ourOwnState(topology: Topology, death: MasterDeath): string | null {
  if (!topology.failover.fast) return "fastFailover is off";
  if (death.evidence !== "process-ended") return "silence is no evidence";
  if (death.handled) return "this death was acted on before";
  if (!death.wanted) return "the master was stopped on request";
  if (death.operation !== null) return `\`${death.operation}\` is at work`;
  return death.tilted ? "we were frozen or the clock jumped" : null;
}

function held({ pause, observedAt }: Snapshot): string | null {
  return pause === null ? null : pauseSentence(pause, observedAt);
}

function whatTheSentinelsSay(topology: Topology, death: MasterDeath, now: Snapshot): string | null {
  const heard = now.sentinels.filter((each) => each.up);
  const needed = Math.max(majority(topology), topology.sentinel.quorum);
  if (heard.length < needed) return `only ${heard.length} Sentinels answer`;
  for (const each of heard) {
    if (each.tilt) return `${each.node} is in TILT`;
    if (each.masterNode !== death.master) return `${each.node} names another master`;
    if (each.epoch !== death.epoch) return `${each.node} is at another epoch`;
    const flag = each.flags.find((flag) => ["s_down", "o_down", "failover_in_progress"].includes(flag));
    if (flag !== undefined) return `${each.node} has seen it already (${flag})`;
    if ((each.downAfterMs ?? Infinity) - (each.silentMs ?? 0) < AHEAD_OF_SENTINEL_MS)
      return `it was silent before: ${each.node} takes it for down any moment`;
  }
  return null;
}

function whoCouldFollow(now: Snapshot, master: NodeId): string | null {
  const seen = now.nodes.find((each) => each.node === master);
  if (seen?.state === "up" || seen?.state === "loading") return "the master answers";
  const fit = now.nodes.some(
    (each) => each.state === "up" && each.role === "replica" && (each.priority ?? 0) > 0,
  );
  return fit ? null : "no replica may be promoted";
}

/**
 * A confirmed write is on as many replicas as make a majority with the master. One of those that are left has it for
 * certain only if no more are missing than can do without.
 */
function whatConfirmedNeeds(topology: Topology, now: Snapshot, master: NodeId): string | null {
  if (topology.durability !== "confirmed") return null;
  const all = topology.redis.nodes.length - 1;
  const needed = all - neededReplicas("confirmed", all) + 1;
  const seen = now.nodes.filter(
    ({ node, state, role, offset }) =>
      node !== master && state === "up" && role === "replica" && offset !== null,
  );
  if (seen.length >= needed) return null;
  return `durability is confirmed, and only ${seen.length} of ${needed} replicas show what they have`;
}
