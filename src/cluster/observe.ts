import { majority, nodeAt, type ClusterNode, type Topology } from "../topology/model.ts";
import { ask, type ObserveOptions, type Question } from "./ask.ts";
import { redisSeen } from "./redis-seen.ts";
import { sentinelSeen } from "./sentinel-seen.ts";
import type { Address, NodeProcess, RedisSeen, RuntimeFacts, SentinelSeen, Snapshot } from "./snapshot.ts";

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
  const master = namedMaster(topology, sentinels);
  return {
    cluster: topology.name,
    observedAt: options.clock.now(),
    master,
    epoch: highest(sentinels.map((sentinel) => sentinel.epoch)),
    quorum: quorumOf(topology, sentinels),
    nodes: withLag(nodes, master),
    sentinels,
    steward: facts.steward,
    operation: facts.operation,
  };
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

/** The address that a majority of all configured Sentinels tells, reachable or not. */
function namedMaster(topology: Topology, sentinels: SentinelSeen[]): Snapshot["master"] {
  const votes = new Map<string, { address: Address; count: number }>();
  for (const { master } of sentinels) {
    if (master === null) continue;
    const key = `${master.host} ${master.port}`;
    votes.set(key, { address: master, count: (votes.get(key)?.count ?? 0) + 1 });
  }
  const winner = [...votes.values()].find(({ count }) => count >= majority(topology));
  if (winner === undefined) return null;
  const { host, port } = winner.address;
  const node = nodeAt(topology, host, port);
  return { host, port, node: node?.kind === "redis" ? node.id : null };
}

/** A failover needs the votes of a majority and of the configured quorum, whichever is larger. */
function quorumOf(topology: Topology, sentinels: SentinelSeen[]): Snapshot["quorum"] {
  const needed = Math.max(majority(topology), topology.sentinel.quorum);
  const reachable = sentinels.filter((sentinel) => sentinel.up).length;
  const refused = sentinels.some((sentinel) => sentinel.up && sentinel.quorumOk === false);
  return { ok: reachable >= needed && !refused, needed, reachable };
}

/**
 * Offsets of different histories cannot be compared, so a replica of another replication id (restarted, not
 * yet synced, of another master) has no lag in bytes.
 */
function withLag(nodes: RedisSeen[], named: Snapshot["master"]): RedisSeen[] {
  const master = nodes.find((node) => node.node === named?.node && node.role === "master");
  return nodes.map((node) => {
    if (node.role !== "replica" || node.offset === null) return node;
    if (master === undefined || master.offset === null || master.replId !== node.replId) return node;
    return { ...node, lagBytes: Math.max(0, master.offset - node.offset) };
  });
}

function highest(numbers: (number | null)[]): number | null {
  const known = numbers.filter((number) => number !== null);
  return known.length > 0 ? Math.max(...known) : null;
}
