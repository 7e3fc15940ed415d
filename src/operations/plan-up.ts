import type { NodeProcess } from "../cluster/snapshot.ts";
import { UsageError, VedetteError } from "../errors.ts";
import type { Records } from "../runtimes/records.ts";
import type { FirstFacts } from "../runtimes/runtime.ts";
import { nodeAt, type ClusterNode, type NodeId, type Topology } from "../topology/model.ts";
import { firstMaster, isRefused } from "./first-master.ts";
import { STOP_DEADLINE_MS } from "./plan-down.ts";
import type { Step } from "./steps.ts";

/** What `up` looked at before it plans. */
export interface UpFacts {
  processes: NodeProcess[];
  records: Records;
  /** Nodes whose running configuration differs from the topology's. */
  changed: NodeId[];
  /** The topology's supervision: false leaves the steward alone. */
  steward: boolean;
  force: NodeId | null;
  /** Nodes that run although the topology no longer names them. */
  strangers: NodeId[];
}

/** How long `up` waits for a cluster to settle before it says what is missing: ms. */
export const SETTLE_DEADLINE_MS = 60_000;

/**
 * The steps from what is to a running cluster; on a running one, only what is missing or changed.
 *
 * Sentinels come first, for a node starts by asking them. Throws when no master can be chosen without a person.
 */
export function planUp(topology: Topology, facts: UpFacts): Step[] {
  const first = chooseFirst(topology, facts);
  const running = new Set(
    facts.processes.filter((each) => each.state !== "stopped").map((each) => each.node),
  );
  // A node that waits to start has no server yet that could be asked.
  const answering = new Set(
    facts.processes.filter((each) => each.state === "running").map((each) => each.node),
  );
  const missing = (nodes: readonly ClusterNode[]) => nodes.filter((node) => !running.has(node.id));
  const sentinels = missing(topology.sentinel.nodes);
  // The master first: its replicas then find it at their first attempt; a failed one costs them a second.
  const redis = masterFirst(topology, first).filter(
    (node) => !running.has(node.id) || node.id === facts.force,
  );
  const all = [...topology.sentinel.nodes, ...topology.redis.nodes].map((node) => node.id);
  const forced = facts.force !== null && !isFirstOfSentinels(topology, facts) ? facts.force : null;
  return [
    { do: "claim-state" },
    ...[...sentinels, ...redis].map((node): Step => ({ do: "prepare", node: node.id, first })),
    ...overruled(facts).map((node): Step => ({ do: "forget", node })),
    { do: "want", nodes: all, up: true },
    ...starts(sentinels, null),
    ...(facts.steward ? [{ do: "start-steward" } as const] : []),
    { do: "await", condition: "sentinels-answer", deadlineMs: 15_000 },
    { do: "hurry-sentinels" },
    ...starts(redis, forced === null ? facts.force : null),
    ...facts.strangers.map((node): Step => ({
      do: "stop",
      node,
      mode: "graceful",
      deadlineMs: STOP_DEADLINE_MS,
    })),
    ...facts.changed.filter((id) => answering.has(id)).map((node): Step => ({ do: "reconfigure", node })),
    ...promotion(forced),
    { do: "await", condition: "settled", deadlineMs: SETTLE_DEADLINE_MS },
    { do: "set-periods" },
    { do: "set-down-after" },
  ];
}

function starts(nodes: readonly ClusterNode[], force: NodeId | null): Step[] {
  return nodes.map((node) => ({ do: "start", node: node.id, force: node.id === force }));
}

/**
 * A forced master that the Sentinels do not name is started as a replica like any other; then Sentinel is asked
 * to fail over to it. The decision, and the epoch, stay Sentinel's.
 */
function promotion(node: NodeId | null): Step[] {
  if (node === null) return [];
  return [{ do: "promote-only", node }];
}

function chooseFirst(topology: Topology, facts: UpFacts): FirstFacts {
  const chosen = firstMaster(topology, facts.records, facts.force);
  if (!isRefused(chosen)) return stillOurs(topology, chosen);
  throw new VedetteError(
    `choosing the master of ${topology.name}: ${chosen.reason}\n${chosen.evidence.map((line) => `  ${line}`).join("\n")}`,
    {
      next: "decide which node has the data that you want to keep, and type `vedette up --force-master NODE`; the other nodes will copy it, and what only they hold is lost",
    },
  );
}

/** A topology that drops the very master would take it down, and nobody could name another one first. */
function stillOurs(topology: Topology, first: FirstFacts): FirstFacts {
  const { host, port } = first.master;
  if (nodeAt(topology, host, port) !== null) return first;
  throw new UsageError(
    `starting cluster ${topology.name}: its master is ${host}:${port}, which is no node of the topology any more`,
    {
      next: "put that node back into the topology, or choose another master with `vedette up --force-master NODE`",
    },
  );
}

/** Under force, nodes that remember later failovers than the Sentinels do would wait for ever. */
function overruled(facts: UpFacts): NodeId[] {
  if (facts.force === null) return [];
  const epoch = Math.max(
    0,
    ...facts.records.sentinels.filter((each) => each.known).map((each) => each.epoch),
  );
  const kept = facts.records.sentinels.some((each) => each.known);
  return facts.records.redis.filter((each) => kept && each.epoch > epoch).map((each) => each.node);
}

function isFirstOfSentinels(topology: Topology, facts: UpFacts): boolean {
  const known = facts.records.sentinels.filter((each) => each.known && each.master !== null);
  return known.every(
    ({ master }) => master !== null && nodeAt(topology, master.host, master.port)?.id === facts.force,
  );
}

function masterFirst(topology: Topology, first: FirstFacts): ClusterNode[] {
  const isFirst = (node: ClusterNode) => node.host === first.master.host && node.port === first.master.port;
  return [...topology.redis.nodes].sort((a, b) => Number(isFirst(b)) - Number(isFirst(a)));
}
