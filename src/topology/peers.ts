import { allNodes, type Origin, type Topology } from "./model.ts";
import { isIp } from "./names.ts";
import type { Problems } from "./problems.ts";
import { didYouMean } from "./suggest.ts";

/** What follows for nodes from being several. */

/**
 * Nodes on different addresses of one machine reach each other from whichever address the kernel picks, and a
 * master lists its replicas by that one. So each must announce its own.
 */
export function announceEverywhere(topology: Topology): void {
  const nodes = allNodes(topology);
  if (new Set(nodes.map((node) => node.host)).size <= 1) return;
  for (const node of nodes) node.announced = true;
}

/** Without this a Sentinel refuses to start with a host name in its configuration. */
export function resolveHostNames(topology: Topology): void {
  if (allNodes(topology).every((node) => isIp(node.host))) return;
  const origin: Origin = { from: "derived", why: "an address is a host name" };
  for (const sentinel of topology.sentinel.nodes) {
    for (const name of ["resolve-hostnames", "announce-hostnames"]) {
      if (sentinel.directives.some(({ args }) => args[0] === name)) continue;
      sentinel.directives.push({ name: "sentinel", args: [name, "yes"], origin });
    }
  }
}

/** Reports settings of nodes that the cluster does not have. */
export function checkNodeNames(
  kind: "redis" | "sentinel",
  ids: string[],
  nodes: Record<string, unknown>,
  problems: Problems,
): void {
  if (problems.isBroken(kind === "redis" ? "redis.replicas" : "sentinel.count")) return;
  const foreign = kind === "redis" ? /^redis-sentinel-/ : /^redis-(?:master$|slave-)/;
  for (const id of Object.keys(nodes)) {
    if (ids.includes(id)) continue;
    const elsewhere = `set it under ${kind === "redis" ? "sentinel" : "redis"}.nodes`;
    const hint = foreign.test(id) ? elsewhere : (didYouMean(id, ids) ?? `the nodes are ${listed(ids)}`);
    problems.error(`${kind}.nodes.${id}`, "is not a node of this cluster", { atKey: true, hint });
  }
}

function listed(ids: string[]): string {
  return ids.length <= 2 ? ids.join(" and ") : `${ids.slice(0, 2).join(", ")} … ${ids.at(-1)}`;
}
