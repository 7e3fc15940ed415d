import { majority, nodeAt, type Topology } from "../topology/model.ts";
import type { Address, RedisSeen, RuntimeFacts, SentinelSeen, Snapshot } from "./snapshot.ts";

/** Joins what was seen of each node at `observedAt` (wall clock, ms) into one picture. */
export function assemble(
  topology: Topology,
  facts: RuntimeFacts,
  seen: { nodes: RedisSeen[]; sentinels: SentinelSeen[]; observedAt: number },
): Snapshot {
  const { nodes, sentinels, observedAt } = seen;
  const master = namedMaster(topology, sentinels);
  return {
    cluster: topology.name,
    observedAt,
    master,
    epoch: highest(sentinels.map((sentinel) => sentinel.epoch)),
    quorum: quorumOf(topology, sentinels),
    nodes: withLag(nodes, master),
    sentinels,
    steward: facts.steward,
    operation: facts.operation,
    pause: facts.pause,
  };
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
