import { neededReplicas } from "../durability.ts";
import type { RedisNode, Topology } from "../model.ts";
import type { Report } from "./rule.ts";

/** Durability: nothing in the file takes back what it promises, and writes go on after a failover. */

export function fenceHolds(topology: Topology, { problems }: Report): void {
  const needed = neededReplicas(topology.durability, topology.redis.nodes.length - 1);
  if (needed === 0 || problems.isBroken("redis.replicas", "durability")) return;
  const reported = new Set<string>();
  for (const node of topology.redis.nodes) {
    const { toWrite, maxLag } = node.minReplicas;
    const weak = toWrite < needed ? "min-replicas-to-write" : maxLag === 0 ? "min-replicas-max-lag" : null;
    const key = weak === null ? null : keyOfDirective(node, weak);
    if (key === null || reported.has(key)) continue;
    reported.add(key);
    const why =
      weak === "min-replicas-max-lag" ? "0 switches min-replicas-to-write off" : `it needs ${needed}`;
    problems.error(key, `takes back what durability: ${topology.durability} promises: ${why}`, {
      found: weak === "min-replicas-max-lag" ? maxLag : toWrite,
      hint: "leave it out, or choose another durability",
    });
  }
}

/**
 * sentinelSelectSlave looks at priorities before it looks at offsets: a replica that is preferred, or the only one
 * that may be promoted, would take over without the writes that a majority has.
 */
export function confirmedNeedsEqualPriorities(topology: Topology, { problems }: Report): void {
  if (topology.durability !== "confirmed") return;
  const [first, ...others] = topology.redis.nodes;
  const odd = others.find((node) => node.priority !== first.priority);
  if (odd === undefined) return;
  const key = keyOfDirective(odd, "replica-priority") ?? keyOfDirective(first, "replica-priority");
  problems.error(key ?? "durability", "durability: confirmed needs the same replica-priority on every node", {
    hint: "Sentinel looks at priorities before it looks at who has more data",
  });
}

export function writesSurviveAFailover(topology: Topology, { problems }: Report): void {
  const replicas = topology.redis.nodes.length - 1;
  const needed = neededReplicas(topology.durability, replicas);
  if (needed === 0 || needed > replicas || needed <= replicas - 1) return;
  const text = `with ${replicas === 1 ? "one replica" : `${replicas} replicas`} no write is accepted while any node is down`;
  problems.info("durability", text, {
    hint: `${topology.durability === "fenced" ? "two" : "three"} replicas survive the loss of one node`,
  });
}

function keyOfDirective(node: RedisNode, name: string): string | null {
  const origin = node.directives.find((each) => each.name === name)?.origin;
  return origin?.from === "file" ? origin.key : null;
}
