import { allNodes, type Topology } from "../topology/model.ts";
import type { Address, SentinelSeen } from "./snapshot.ts";
import { sameNode } from "./view.ts";

/**
 * What a Sentinel remembers and this topology does not have, one name each. Sentinel's lists only grow.
 *
 * `count` is how many Sentinels there should be.
 */
export function staleEntries(topology: Topology, count: number, sentinel: SentinelSeen): string[] {
  const nodes: Address[] = allNodes(topology);
  const unknown = (address: Address) => !nodes.some((node) => sameNode(topology, node, address));
  const name = ({ host, port }: Address) => `${host}:${port}`;
  const replicas = sentinel.replicas.filter(unknown).map((each) => `the replica ${name(each)}`);
  const peers = sentinel.peers.filter(unknown).map((each) => `the Sentinel ${name(each)}`);
  const rest = (sentinel.otherSentinels ?? 0) - (count - 1) - peers.length;
  return [...replicas, ...peers, ...(rest > 0 ? [`${rest} Sentinel${rest > 1 ? "s" : ""} too many`] : [])];
}
