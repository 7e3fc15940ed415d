import { allNodes, type Topology } from "../topology/model.ts";
import type { Address, SentinelSeen } from "./snapshot.ts";
import { nameAt, sameNode } from "./view.ts";

/**
 * What a Sentinel remembers and this topology does not have, one name each. Sentinel's lists only grow.
 *
 * `count` is how many Sentinels there should be. A Sentinel that lost its state comes back with another id: the
 * others keep the old entry beside the new one, with port 0 or with the same address.
 */
export function staleEntries(topology: Topology, count: number, sentinel: SentinelSeen): string[] {
  const nodes: Address[] = allNodes(topology);
  const unknown = (address: Address) => !nodes.some((node) => sameNode(topology, node, address));
  const replicas = sentinel.replicas.filter(unknown).map(({ host, port }) => `the replica ${host}:${port}`);
  const surplus = (sentinel.otherSentinels ?? 0) - (count - 1);
  if (surplus <= 0) return replicas;
  const peers = stalePeers(topology, sentinel);
  const rest = surplus - peers.length;
  return [...replicas, ...peers, ...(rest > 0 ? [`${rest} Sentinel${rest > 1 ? "s" : ""} too many`] : [])];
}

/** Peers at no address of ours, and those that stand in the list twice. */
function stalePeers(topology: Topology, { peers }: SentinelSeen): string[] {
  const seen = new Set<string>();
  return peers.flatMap((peer) => {
    const name = nameAt(topology, peer);
    const ours = topology.sentinel.nodes.some((node) => node.id === name);
    if (ours && !seen.has(name)) {
      seen.add(name);
      return [];
    }
    return [ours ? `${name} twice` : `the Sentinel ${peer.host}:${peer.port}`];
  });
}
