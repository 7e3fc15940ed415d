import type { ClusterNode, RedisNode, Topology } from "../../topology/model.ts";
import { majority } from "../../topology/model.ts";
import { START_FENCE } from "../../topology/fence.ts";
import type { Binaries } from "./binaries.ts";
import type { StatePaths } from "../state/paths.ts";

/** The facts that assets/node-start.sh needs, as a file that a shell sources. */
export function startEnv(
  topology: Topology,
  node: ClusterNode,
  paths: StatePaths,
  binaries: Binaries,
): string {
  const common = {
    NODE: node.id,
    KIND: node.kind,
    CONF: confFile(node, paths),
    PID_FILE: paths.pid(node.id),
    REDIS_SERVER: binaries.server,
  };
  const values =
    node.kind === "sentinel"
      ? {
          ...common,
          MASTER_NAME: topology.name,
          START_DOWN_AFTER: String(topology.sentinel.startDownAfterMs),
        }
      : { ...common, ...safeStartFacts(topology, node, paths, binaries) };
  return Object.entries(values)
    .map(([name, value]) => `${name}=${shellQuote(value)}\n`)
    .join("");
}

export function confFile(node: ClusterNode, paths: StatePaths): string {
  return node.kind === "redis"
    ? `${paths.redis(node.id)}/redis.conf`
    : `${paths.sentinel(node.id)}/sentinel.conf`;
}

function safeStartFacts(topology: Topology, node: RedisNode, paths: StatePaths, binaries: Binaries) {
  const sentinels = topology.sentinel.nodes;
  const peers = topology.redis.nodes.filter((peer) => peer.id !== node.id);
  return {
    MASTER_NAME: topology.name,
    ADDRESS: `${node.host} ${node.port}`,
    LOCAL_HOST: reachableBind(node),
    PORT: String(node.port),
    SENTINELS: sentinels.map((each) => `${each.host} ${each.port}\n`).join(""),
    SENTINEL_COUNT: String(sentinels.length),
    MAJORITY: String(majority(topology)),
    QUORUM: String(topology.sentinel.quorum),
    PEERS: peers.map((peer) => `${peer.id} ${peer.host} ${peer.port}\n`).join(""),
    PRIORITY: String(node.priority),
    MIN_REPLICAS: String(node.minReplicas.toWrite),
    MIN_REPLICAS_MAX_LAG: String(node.minReplicas.maxLag),
    FENCE: String(START_FENCE),
    APPEND_ONLY: node.appendOnly ? "yes" : "no",
    DATA_DIR: node.dataDir,
    AOF_DIR: directive(node, "appenddirname") ?? "appendonlydir",
    AOF_FILE: directive(node, "appendfilename") ?? "appendonly.aof",
    RDB_FILE: directive(node, "dbfilename") ?? "dump.rdb",
    REDIS_CLI: binaries.cli,
    WAIT_FILE: paths.wait(node.id),
    HOLD_FILE: paths.hold(node.id),
    FORCE_FILE: paths.force(node.id),
  };
}

/** An address on which the node can be asked from its own machine. */
export function reachableBind(node: ClusterNode): string {
  const first = (node.bind[0] ?? node.host).replace(/^-/, "");
  if (first === "*" || first === "0.0.0.0") return "127.0.0.1";
  return first === "::" || first === "::*" ? "::1" : first;
}

function directive(node: RedisNode, name: string): string | null {
  return node.directives.findLast((each) => each.name === name)?.args[0] ?? null;
}

/** Single quotes keep everything but themselves: the value reaches the shell as it is, newlines included. */
function shellQuote(value: string): string {
  return `'${value.replaceAll("'", `'\\''`)}'`;
}
