import type { NodeId, SentinelPeriods } from "../topology/model.ts";

/**
 * What is true now. A snapshot is taken once by `observe` and judged afterwards; a dead node is a value in
 * it, never an exception.
 */

export interface Address {
  host: string;
  port: number;
}

/**
 * `up` answers commands; `waiting` its start is held back by safe start (the process is there, Redis is not);
 * `loading` reads its data set; `unreachable` the process lives but does not answer us (hung, refused, or it
 * rejects our password: see `reason`); `down` no process.
 */
export type NodeState = "up" | "waiting" | "loading" | "unreachable" | "down";

/** What the runtime knows of a process without asking Redis. */
export interface NodeProcess {
  node: NodeId;
  state: "running" | "waiting" | "stopped";
  pid: number | null;
  /** Wall clock ms of the start, if known. */
  startedAt: number | null;
  /** Why it waits, how it ended, or that the steward gave it up. */
  reason: string | null;
  /** True when the user asked for it to be up (`up`, `start`) and nobody has asked otherwise since. */
  wanted: boolean;
  gaveUp: boolean;
}

export interface RedisSeen {
  node: NodeId;
  host: string;
  port: number;
  state: NodeState;
  /** Set when the state is not `up`: the waiting reason, or the error that we met. */
  reason: string | null;
  /** `NOAUTH` or `WRONGPASS` when the node rejected our credentials. */
  authError: boolean;
  role: "master" | "replica" | null;
  /** A replica's link to its master; null on a master. */
  link: "up" | "sync" | "down" | null;
  /** The address a replica follows. */
  follows: Address | null;
  /** `master_repl_offset` of a master, `slave_repl_offset` of a replica: bytes. */
  offset: number | null;
  replId: string | null;
  /** Behind the master that a majority names: bytes by offset, seconds since it last heard from it. */
  lagBytes: number | null;
  lagSeconds: number | null;
  /** `replica-priority` in force. */
  priority: number | null;
  /** True while safe start keeps a master from taking writes. */
  fenced: boolean;
  /** Replicas that the master itself lists as online. */
  connectedReplicas: number | null;
  memoryBytes: number | null;
  /** 0 = no limit. */
  maxMemoryBytes: number | null;
  clients: number | null;
  opsPerSecond: number | null;
  evictedKeys: number | null;
  /** Keys per database, `db0` → n. */
  keys: Record<string, number> | null;
  persistence: {
    aofEnabled: boolean;
    lastSaveOk: boolean;
    lastAofWriteOk: boolean;
    lastAofRewriteOk: boolean;
  } | null;
  runId: string | null;
  version: string | null;
  uptimeSeconds: number | null;
  pid: number | null;
  gaveUp: boolean;
  wanted: boolean;
}

export interface SentinelSeen {
  node: NodeId;
  host: string;
  port: number;
  up: boolean;
  reason: string | null;
  authError: boolean;
  /** The master's address as this Sentinel tells it to clients. */
  master: Address | null;
  /** The node at that address, null when it is none of ours. */
  masterNode: NodeId | null;
  /** config-epoch of the master's entry. */
  epoch: number | null;
  /** `master`, `s_down`, `o_down`, `failover_in_progress`, … */
  flags: string[];
  /** `SENTINEL CKQUORUM`: null when it could not be asked. */
  quorumOk: boolean | null;
  quorumMessage: string | null;
  /** In TILT a Sentinel acts on nothing. */
  tilt: boolean;
  replicas: {
    host: string;
    port: number;
    flags: string[];
    linkUp: boolean;
    priority: number;
    /** `slave_repl_offset` of its last poll, bytes. */
    offset: number | null;
    runId: string | null;
  }[];
  /** How many other Sentinels it knows. */
  otherSentinels: number | null;
  /** Where it knows them. */
  peers: Address[];
  /** Since the master last answered its PING: ms. It comes close to its ping period while all is well. */
  silentMs: number | null;
  /** How long a node must be silent before it takes it for down: ms. */
  downAfterMs: number | null;
  /** Its own timers, ms; null when it cannot tell them (Redis 6.2, which always runs with the stock ones). */
  periods: SentinelPeriods | null;
  runId: string | null;
  version: string | null;
  uptimeSeconds: number | null;
  pid: number | null;
  gaveUp: boolean;
  wanted: boolean;
}

export interface StewardSeen {
  running: boolean;
  pid: number | null;
  startedAt: number | null;
}

/** The operation that holds the cluster's lease. */
export interface OperationSeen {
  name: string;
  pid: number;
  since: number;
  token: number;
}

/** Failover and the steward's own acting are held until a time, by a person. Times are wall clock ms. */
export interface PauseSeen {
  by: string;
  /** "" when none was given. */
  reason: string;
  since: number;
  until: number;
}

export interface Snapshot {
  cluster: string;
  /** Wall clock ms. */
  observedAt: number;
  /** Null unless a majority of all configured Sentinels names it. */
  master: (Address & { node: NodeId | null }) | null;
  /** The highest config epoch that any Sentinel reports. */
  epoch: number | null;
  /** Sentinels: how many must vote, how many answered us, and whether that is enough. */
  quorum: { ok: boolean; needed: number; reachable: number };
  nodes: RedisSeen[];
  sentinels: SentinelSeen[];
  steward: StewardSeen;
  operation: OperationSeen | null;
  /** Null also when a pause has run out, whether or not everything it changed was put back. */
  pause: PauseSeen | null;
}

/** What `observe` gathers beside the wire: facts of the runtime. */
export interface RuntimeFacts {
  processes: NodeProcess[];
  steward: StewardSeen;
  operation: OperationSeen | null;
  pause: PauseSeen | null;
}
