import type { ClusterNode, Topology } from "../topology/model.ts";
import { ask, type ObserveOptions, type Question } from "./ask.ts";
import { assemble } from "./assemble.ts";
import { redisSeen } from "./redis-seen.ts";
import { sentinelSeen } from "./sentinel-seen.ts";
import type { NodeProcess, RuntimeFacts, Snapshot } from "./snapshot.ts";

/**
 * Looks at the whole cluster once.
 *
 * Asks every node and Sentinel in parallel, one round trip each. Never throws for a dead, hung or
 * foreign node: that is a value in the snapshot.
 */
export async function observe(
  topology: Topology,
  facts: RuntimeFacts,
  options: ObserveOptions,
): Promise<Snapshot> {
  const processes = new Map(facts.processes.map((process) => [process.node, process]));
  const [nodes, sentinels] = await Promise.all([
    Promise.all(
      topology.redis.nodes.map(async (node) =>
        redisSeen(node, processOf(processes, node), await ask(node, REDIS_QUESTIONS, options)),
      ),
    ),
    Promise.all(
      topology.sentinel.nodes.map(async (node) =>
        sentinelSeen(
          topology,
          node,
          processOf(processes, node),
          await ask(node, sentinelQuestions(topology.name), options),
        ),
      ),
    ),
  ]);
  return assemble(topology, facts, { nodes, sentinels, observedAt: options.clock.now() });
}

// One parameter each and no section list: CONFIG GET takes several since 7.0 only, as INFO does.
const REDIS_QUESTIONS: Question[] = [
  ["INFO"],
  ["CONFIG", "GET", "replica-priority"],
  ["CONFIG", "GET", "min-replicas-to-write"],
];

function sentinelQuestions(name: string): Question[] {
  return [
    ["INFO"],
    ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name],
    ["SENTINEL", "MASTER", name],
    ["SENTINEL", "REPLICAS", name],
    ["SENTINEL", "SENTINELS", name],
    ["SENTINEL", "CKQUORUM", name],
    ["SENTINEL", "DEBUG"],
  ];
}

/** A node that the runtime knows nothing of: it may still answer. */
function processOf(processes: Map<string, NodeProcess>, node: ClusterNode): NodeProcess {
  return (
    processes.get(node.id) ?? {
      node: node.id,
      state: "stopped",
      pid: null,
      startedAt: null,
      reason: null,
      wanted: false,
      gaveUp: false,
    }
  );
}
