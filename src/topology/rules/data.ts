import path from "node:path";
import type { Topology } from "../model.ts";
import { keyOf, type Report } from "./rule.ts";

/** Data: writes are taken, kept, and not deleted together with something else. */

export function writesArePossible(topology: Topology, { problems }: Report): void {
  if (problems.isBroken("redis.replicas")) return;
  const replicas = topology.redis.nodes.length - 1;
  const reported = new Set<string>();
  for (const node of topology.redis.nodes) {
    if (node.minReplicas.toWrite <= replicas) continue;
    const origin = node.directives.find(({ name }) => name === "min-replicas-to-write")?.origin;
    const key =
      origin?.from === "file" ? origin.key : origin?.from === "durability" ? "durability" : "profile";
    if (reported.has(key)) continue;
    reported.add(key);
    const text = `asks for ${node.minReplicas.toWrite} connected replicas before a write, and there are ${replicas}`;
    problems.error(key, text, {
      hint: "no write would ever be accepted; add replicas or lower min-replicas-to-write",
    });
  }
}

export function directoriesAreApart(topology: Topology, { problems, source }: Report): void {
  const { stateDir, backupDir, baseDir } = topology;
  if (isWithin(backupDir, stateDir)) {
    const hint = "clean deletes that directory; keep backups outside of it";
    problems.error("backupDir", "lies inside the cluster's state directory", { found: backupDir, hint });
  }
  const users = new Map<string, string>();
  for (const node of topology.redis.nodes) {
    const key = source(keyOf(node, "dataDir"));
    const other = users.get(node.dataDir);
    users.set(node.dataDir, node.id);
    if (other !== undefined) {
      const hint = "two servers writing the same files destroy them";
      problems.error(key, `is the directory of both ${other} and ${node.id}`, { found: node.dataDir, hint });
    } else if (isWithin(baseDir, node.dataDir) || isWithin(stateDir, node.dataDir)) {
      const hint = "clean deletes data directories; give the data one of its own";
      problems.error(key, "holds more than the node's data", { found: node.dataDir, hint });
    }
  }
}

/** True when `inner` is `outer` or lies inside of it. */
function isWithin(inner: string, outer: string): boolean {
  const relative = path.relative(outer, inner);
  return relative === "" || (relative !== ".." && !relative.startsWith("../"));
}

export function dataSurvivesRestarts(topology: Topology, { problems }: Report): void {
  const bare = topology.redis.nodes.filter(
    (node) =>
      !node.appendOnly &&
      node.directives.every(({ name, args }) => name !== "save" || (args[0] ?? "") === ""),
  );
  const [first] = bare;
  if (first === undefined) return;
  const who = bare.length === topology.redis.nodes.length ? "every node" : first.id;
  const text = `with neither an append-only file nor snapshots ${who} comes back empty after a crash`;
  problems.info("redis.config", text, { hint: "it must then wait for another master before it starts" });
}

export function productionKeepsKeys(topology: Topology, { problems }: Report): void {
  if (!topology.production) return;
  const directive = topology.redis.nodes[0].directives.find(({ name }) => name === "maxmemory-policy");
  const policy = directive?.args[0] ?? "";
  if (policy === "noeviction" || directive?.origin.from === "file" || directive?.origin.from === "profile")
    return;
  problems.info("production", `at maxmemory ${policy} evicts keys that nobody asked to lose`, {
    hint: "choose profile: store (refuse writes) or profile: cache (evict)",
  });
}
