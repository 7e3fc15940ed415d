import { START_FENCE } from "../topology/fence.ts";
import { majority, type ClusterNode, type RedisNode, type Topology } from "../topology/model.ts";

/** Where one node's files and programs are, for the process that starts it. */
export interface StartPlaces {
  conf: string;
  pid: string;
  server: string;
  cli: string;
  wait: string;
  hold: string;
  force: string;
}

/** The facts that assets/node-start.sh needs, as environment variables. */
export function startFacts(
  topology: Topology,
  node: ClusterNode,
  places: StartPlaces,
): Record<string, string> {
  const common = {
    NODE: node.id,
    KIND: node.kind,
    CONF: places.conf,
    PID_FILE: places.pid,
    REDIS_SERVER: places.server,
    MASTER_NAME: topology.name,
  };
  return node.kind === "sentinel"
    ? { ...common, START_DOWN_AFTER: String(topology.sentinel.startDownAfterMs) }
    : { ...common, ...safeStartFacts(topology, node, places) };
}

function safeStartFacts(topology: Topology, node: RedisNode, places: StartPlaces): Record<string, string> {
  const sentinels = topology.sentinel.nodes;
  return {
    ADDRESS: `${node.host} ${node.port}`,
    LOCAL_HOST: reachableBind(node),
    PORT: String(node.port),
    SENTINELS: sentinels.map((each) => `${each.host} ${each.port}\n`).join(""),
    SENTINEL_COUNT: String(sentinels.length),
    MAJORITY: String(majority(topology)),
    QUORUM: String(topology.sentinel.quorum),
    REDIS_NODES: topology.redis.nodes.map((each) => `${each.id} ${each.host} ${each.port}\n`).join(""),
    PRIORITY: String(node.priority),
    MIN_REPLICAS: String(node.minReplicas.toWrite),
    MIN_REPLICAS_MAX_LAG: String(node.minReplicas.maxLag),
    FENCE: String(START_FENCE),
    APPEND_ONLY: node.appendOnly ? "yes" : "no",
    DATA_DIR: node.dataDir,
    AOF_DIR: directive(node, "appenddirname") ?? "appendonlydir",
    AOF_FILE: directive(node, "appendfilename") ?? "appendonly.aof",
    RDB_FILE: directive(node, "dbfilename") ?? "dump.rdb",
    REDIS_CLI: places.cli,
    WAIT_FILE: places.wait,
    HOLD_FILE: places.hold,
    FORCE_FILE: places.force,
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
