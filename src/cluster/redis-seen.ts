import {
  clientsInfo,
  keyspaceInfo,
  memoryInfo,
  parseInfo,
  persistenceInfo,
  replicationInfo,
  serverInfo,
  statsInfo,
  type Info,
  type ReplicationInfo,
} from "../redis/info.ts";
import type { RedisError } from "../redis/redis-error.ts";
import { START_FENCE } from "../topology/fence.ts";
import type { RedisNode } from "../topology/model.ts";
import type { Heard } from "./ask.ts";
import type { NodeProcess, NodeState, RedisSeen } from "./snapshot.ts";

/** Joins what a data node said with what the runtime knows of its process. `lagBytes` is filled in later. */
export function redisSeen(node: RedisNode, process: NodeProcess, heard: Heard): RedisSeen {
  if ("error" in heard) return silent(node, process, heard.error);
  const [text, priority, minReplicas] = heard.replies;
  return answering(node, process, parseInfo(typeof text === "string" ? text : ""), {
    priority: configNumber(priority),
    minReplicas: configNumber(minReplicas),
  });
}

function silent(node: RedisNode, process: NodeProcess, error: RedisError): RedisSeen {
  const state = stateOf(process, error);
  return {
    node: node.id,
    host: node.host,
    port: node.port,
    state,
    reason: state === "waiting" || state === "down" ? process.reason : error.message,
    authError: error.kind === "auth",
    role: null,
    link: null,
    follows: null,
    offset: null,
    replId: null,
    lagBytes: null,
    lagSeconds: null,
    priority: null,
    fenced: false,
    connectedReplicas: null,
    memoryBytes: null,
    maxMemoryBytes: null,
    clients: null,
    opsPerSecond: null,
    evictedKeys: null,
    keys: null,
    persistence: null,
    runId: null,
    version: null,
    uptimeSeconds: null,
    pid: process.pid,
    gaveUp: process.gaveUp,
    wanted: process.wanted,
  };
}

/**
 * A node that rejects us or hangs is there, whether or not the runtime knows its process; only silence with
 * no process behind it is `down`.
 */
function stateOf(process: NodeProcess, error: RedisError): NodeState {
  if (error.kind === "auth" || error.kind === "reply") return "unreachable";
  if (error.kind === "loading") return "loading";
  if (process.state === "waiting") return "waiting";
  if (process.state === "running") return "unreachable";
  return error.kind === "timeout" ? "unreachable" : "down";
}

function answering(
  node: RedisNode,
  process: NodeProcess,
  info: Info,
  config: { priority: number | null; minReplicas: number | null },
): RedisSeen {
  const replication = replicationInfo(info);
  const server = serverInfo(info);
  const memory = memoryInfo(info);
  const stats = statsInfo(info);
  const isMaster = replication.role === "master";
  const loading = persistenceInfo(info).loading === true;
  return {
    node: node.id,
    host: node.host,
    port: node.port,
    state: loading ? "loading" : "up",
    reason: loading ? "reads its data set" : null,
    authError: false,
    role: replication.role,
    link: linkOf(replication),
    follows: followsOf(replication),
    offset: isMaster ? replication.masterOffset : replication.replicaOffset,
    replId: replication.replId,
    lagBytes: null,
    lagSeconds: replication.lastIoSeconds ?? replication.linkDownSeconds,
    priority: config.priority ?? replication.priority,
    fenced: isMaster && config.minReplicas !== null && config.minReplicas >= START_FENCE,
    connectedReplicas: isMaster
      ? replication.replicas.filter(({ state }) => state === "online").length
      : null,
    memoryBytes: memory.usedBytes,
    maxMemoryBytes: memory.maxBytes,
    clients: clientsInfo(info).connected,
    opsPerSecond: stats.opsPerSecond,
    evictedKeys: stats.evictedKeys,
    keys: keyspaceInfo(info),
    persistence: persistenceOf(info),
    runId: server.runId,
    version: server.version,
    uptimeSeconds: server.uptimeSeconds,
    // Whoever answers on our port is what we report, even when the runtime started another process.
    pid: server.pid ?? process.pid,
    gaveUp: process.gaveUp,
    wanted: process.wanted,
  };
}

function linkOf({ role, linkUp, syncing }: ReplicationInfo): RedisSeen["link"] {
  if (role !== "replica") return null;
  if (syncing === true) return "sync";
  return linkUp === true ? "up" : "down";
}

function followsOf({ role, masterHost, masterPort }: ReplicationInfo): RedisSeen["follows"] {
  if (role !== "replica" || masterHost === null || masterPort === null) return null;
  return { host: masterHost, port: masterPort };
}

/** A status that the server does not report has not failed. */
function persistenceOf(info: Info): RedisSeen["persistence"] {
  const persistence = persistenceInfo(info);
  if (persistence.aofEnabled === null) return null;
  return {
    aofEnabled: persistence.aofEnabled,
    lastSaveOk: persistence.lastSaveOk ?? true,
    lastAofWriteOk: persistence.lastAofWriteOk ?? true,
    lastAofRewriteOk: persistence.lastAofRewriteOk ?? true,
  };
}

/** The value of a CONFIG GET of one parameter; null when it was refused (an ACL, a renamed command). */
function configNumber(reply: unknown): number | null {
  if (!Array.isArray(reply) || typeof reply[1] !== "string" || !/^\d+$/.test(reply[1])) return null;
  return Number(reply[1]);
}
