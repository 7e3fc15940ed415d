import { startFacts } from "../../render/start-facts.ts";
import type { ClusterNode, Topology } from "../../topology/model.ts";
import type { StatePaths } from "../state/paths.ts";
import type { Binaries } from "../state/binaries.ts";

/** The facts that assets/node-start.sh needs, as a file that a shell sources. */
export function startEnv(
  topology: Topology,
  node: ClusterNode,
  paths: StatePaths,
  binaries: Binaries,
): string {
  const facts = startFacts(topology, node, {
    conf: confFile(node, paths),
    pid: paths.pid(node.id),
    server: binaries.server,
    cli: binaries.cli,
    wait: paths.wait(node.id),
    hold: paths.hold(node.id),
    force: paths.force(node.id),
  });
  return Object.entries(facts)
    .map(([name, value]) => `${name}=${shellQuote(value)}\n`)
    .join("");
}

export function confFile(node: ClusterNode, paths: StatePaths): string {
  return node.kind === "redis"
    ? `${paths.redis(node.id)}/redis.conf`
    : `${paths.sentinel(node.id)}/sentinel.conf`;
}

/** Single quotes keep everything but themselves: the value reaches the shell as it is, newlines included. */
function shellQuote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
