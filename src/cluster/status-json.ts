import type { NodeId, Topology } from "../topology/model.ts";
import type { Finding } from "./finding.ts";
import type { Address, NodeState, PauseSeen, RedisSeen, SentinelSeen, Snapshot } from "./snapshot.ts";
import { nodeAt } from "../topology/model.ts";

/** `vedette status --json`. Fields are added, never renamed or removed, within one `schema`. */
export interface StatusJson {
  schema: 1;
  cluster: string;
  /** ISO 8601, UTC. */
  observedAt: string;
  master: NamedAddress | null;
  epoch: number | null;
  quorum: { ok: boolean; needed: number; reachable: number };
  nodes: NodeJson[];
  sentinels: SentinelJson[];
  /** While failover is held on request. Times are ISO 8601, UTC. */
  pause: { by: string; reason: string; since: string; until: string } | null;
  findings: Finding[];
}

/** `node` is null when the address is none of the topology's nodes. */
export interface NamedAddress {
  node: NodeId | null;
  host: string;
  port: number;
}

export interface NodeJson {
  node: NodeId;
  host: string;
  port: number;
  state: NodeState;
  role: "master" | "replica" | null;
  link: "up" | "sync" | "down" | null;
  offset: number | null;
  lagBytes: number | null;
  lagSeconds: number | null;
  memoryBytes: number | null;
  clients: number | null;
  opsPerSecond: number | null;
  version: string | null;
  uptimeSeconds: number | null;
}

export interface SentinelJson {
  node: NodeId;
  host: string;
  port: number;
  up: boolean;
  master: NamedAddress | null;
  epoch: number | null;
  flags: string[];
}

export function statusJson(topology: Topology, snapshot: Snapshot, findings: readonly Finding[]): StatusJson {
  return {
    schema: 1,
    cluster: snapshot.cluster,
    observedAt: new Date(snapshot.observedAt).toISOString(),
    master: snapshot.master === null ? null : named(topology, snapshot.master),
    epoch: snapshot.epoch,
    quorum: {
      ok: snapshot.quorum.ok,
      needed: snapshot.quorum.needed,
      reachable: snapshot.quorum.reachable,
    },
    nodes: snapshot.nodes.map(nodeJson),
    sentinels: snapshot.sentinels.map((sentinel) => sentinelJson(topology, sentinel)),
    pause: pauseJson(snapshot.pause),
    findings: findings.map(({ code, severity, node, message, action }) => ({
      code,
      severity,
      node,
      message,
      action,
    })),
  };
}

function pauseJson(pause: PauseSeen | null): StatusJson["pause"] {
  if (pause === null) return null;
  const { by, reason, since, until } = pause;
  return { by, reason, since: new Date(since).toISOString(), until: new Date(until).toISOString() };
}

function nodeJson(node: RedisSeen): NodeJson {
  return {
    node: node.node,
    host: node.host,
    port: node.port,
    state: node.state,
    role: node.role,
    link: node.link,
    offset: node.offset,
    lagBytes: node.lagBytes,
    lagSeconds: node.lagSeconds,
    memoryBytes: node.memoryBytes,
    clients: node.clients,
    opsPerSecond: node.opsPerSecond,
    version: node.version,
    uptimeSeconds: node.uptimeSeconds,
  };
}

function sentinelJson(topology: Topology, sentinel: SentinelSeen): SentinelJson {
  return {
    node: sentinel.node,
    host: sentinel.host,
    port: sentinel.port,
    up: sentinel.up,
    master: sentinel.master === null ? null : named(topology, sentinel.master),
    epoch: sentinel.epoch,
    flags: sentinel.flags,
  };
}

function named(topology: Topology, { host, port }: Address): NamedAddress {
  const node = nodeAt(topology, host, port);
  return { node: node?.kind === "redis" ? node.id : null, host, port };
}
