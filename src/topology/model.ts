import type { DockerSettings } from "./docker.ts";
import type { FailoverProfile } from "./failover-profiles.ts";
import type { Durability } from "./durability.ts";
import type { Problem } from "./problems.ts";

/**
 * The topology: what the user wants, after defaults, profiles and units have been worked out.
 *
 * Everything here is a value. Paths are absolute, durations are milliseconds, sizes are bytes unless they
 * stand in a directive (where they stay as Redis reads them).
 */

/** The name of one process, as the seed names it. It is an address, never a role. */
export type NodeId = string;

/** Where an effective value came from, for `vedette config show`. */
export type Origin =
  | { from: "default" }
  | { from: "size" | "profile" | "failover" | "durability"; name: string }
  | { from: "derived"; why: string }
  | { from: "file"; key: string; line: number; column: number };

/** One line of a redis.conf or sentinel.conf: `args` are unquoted. */
export interface Directive {
  name: string;
  args: string[];
  origin: Origin;
}

interface NodeBase {
  id: NodeId;
  /** Addresses the process listens on. */
  bind: string[];
  /** The address that peers, Sentinels and clients use: the announced one, else the first bound one. */
  host: string;
  port: number;
  /** Where this machine reaches it: in a container's own network that is a published port. */
  reach: { host: string; port: number };
  /** True when `announce` was given and must be written into the configuration. */
  announced: boolean;
  directives: Directive[];
}

export interface RedisNode extends NodeBase {
  kind: "redis";
  /** Absolute. RDB and AOF live here. */
  dataDir: string;
  /** `replica-priority` once the node has synced; 0 means never to be promoted. */
  priority: number;
  /** `min-replicas-to-write` and `min-replicas-max-lag` (s) once the start fence is lifted. */
  minReplicas: { toWrite: number; maxLag: number };
  /** False when the node keeps no append-only file. */
  appendOnly: boolean;
}

export interface SentinelNode extends NodeBase {
  kind: "sentinel";
}

export type ClusterNode = RedisNode | SentinelNode;

/** Sentinel's own timers, ms. They do not persist in sentinel.conf: `SENTINEL DEBUG` sets them. */
export interface SentinelPeriods {
  ping: number;
  info: number;
  ask: number;
  publish: number;
  /** How long it acts on nothing after its clock jumped. */
  tilt: number;
}

export const RUNTIMES = ["local", "docker"] as const;
/** Where nodes run: as plain processes, or in containers. */
export type RuntimeKind = (typeof RUNTIMES)[number];

export interface Topology {
  /** The cluster's name, which is also the master's name for Sentinel. */
  name: string;
  runtime: RuntimeKind;
  /** Marked by its owner as one where drills ask for the name to be typed. */
  production: boolean;
  /** What a write that was acknowledged survives; see docs/failover.md. */
  durability: Durability;
  failover: {
    /** Where the settings of `sentinel` come from that the file does not give. */
    profile: FailoverProfile;
    /** Ask Sentinel for a failover as soon as the runtime reports that the master's process has ended. */
    fast: boolean;
    /** Spread what the asked Sentinel decided to the others, instead of waiting for its next poll. */
    spread: boolean;
  };
  /** Absolute path of vedette.yaml, or null for the built-in defaults. */
  file: string | null;
  /** Absolute directory that relative paths of the file start from. */
  baseDir: string;
  /** Absolute: `.vedette/<name>`. */
  stateDir: string;
  /** Absolute. */
  backupDir: string;
  redis: {
    /** The first one is the initial master; later roles are Sentinel's business. */
    nodes: [RedisNode, ...RedisNode[]];
  };
  sentinel: {
    nodes: [SentinelNode, ...SentinelNode[]];
    quorum: number;
    /** In force while the cluster runs. */
    downAfterMs: number;
    /** What stands on disk: safe with the periods that a Sentinel starts with. Never below `downAfterMs`. */
    startDownAfterMs: number;
    failoverTimeoutMs: number;
    parallelSyncs: number;
    periods: SentinelPeriods;
  };
  /** How nodes run in containers; says nothing with another runtime. */
  docker: DockerSettings;
  security: {
    /** Absolute path of the file that holds the password of every node and Sentinel, or null. */
    passwordFile: string | null;
  };
  supervise: {
    /** Restarts allowed within `windowMs` before the steward gives a node up, loudly. */
    restarts: number;
    windowMs: number;
  };
  logs: { maxBytes: number; keep: number };
  /** What a drill is judged against. */
  slo: {
    /** The longest time without an acknowledged write. */
    writeGapMs: number;
    /** Acknowledged writes that may be gone. */
    lostWrites: number;
  };
}

/** A topology together with the origin of each key, `redis.port` → where it came from. */
export interface ResolvedTopology {
  topology: Topology;
  origins: Map<string, Origin>;
  /** What the file allows but its author may not have meant; every item has level `info`. */
  advice: Problem[];
}

export function allNodes(topology: Topology): ClusterNode[] {
  return [...topology.redis.nodes, ...topology.sentinel.nodes];
}

export function findNode(topology: Topology, id: NodeId): ClusterNode | null {
  return allNodes(topology).find((node) => node.id === id) ?? null;
}

/** The node that listens on this address, or null for an address that is none of ours. */
export function nodeAt(topology: Topology, host: string, port: number): ClusterNode | null {
  return (
    allNodes(topology).find(
      (node) =>
        (node.port === port && (node.host === host || node.bind.includes(host))) ||
        (node.reach.port === port && node.reach.host === host),
    ) ?? null
  );
}

/** How to connect to a node: under the address by which it is known, through the one at which it is reached. */
export function dial({ host, port, reach }: ClusterNode) {
  return { host, port, via: reach };
}

/** The same for an address that a Sentinel told. */
export function dialAt(topology: Topology, { host, port }: { host: string; port: number }) {
  return { host, port, via: nodeAt(topology, host, port)?.reach ?? { host, port } };
}

/** Nodes are in a network of their own, where each has an address that other machines do not see. */
export function isBridged(topology: Topology): boolean {
  return topology.runtime === "docker" && topology.docker.network === "bridge";
}

/** Votes a Sentinel needs to lead a failover. */
export function majority(topology: Topology): number {
  return majorityOf(topology.sentinel.nodes.length);
}

/** More than half of `count` voters. */
export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}
