import type { NodeProcess, OperationSeen, PauseSeen, StewardSeen } from "../cluster/snapshot.ts";
import type { ConfChange } from "../render/merge-conf.ts";
import type { ClusterNode, NodeId, RuntimeKind } from "../topology/model.ts";
import type { Records } from "./records.ts";

/** How to end a process: politely within a deadline, then by force; or by force at once. */
export type StopMode = "graceful" | "kill";

/** Faults that a drill or `test-failover` may cause to a process. */
export type ProcessFault = "kill" | "stop" | "hang" | "continue" | NetworkFault;

/** Only where nodes have a network of their own. */
export type NetworkFault = "disconnect" | "reconnect";

export interface StopResult {
  node: NodeId;
  /** `already` when nothing ran. `killed` when the deadline passed and force was used. */
  how: "already" | "graceful" | "killed";
  ms: number;
}

/** Which master a configuration that is made for the first time starts from. */
export interface FirstFacts {
  master: { host: string; port: number };
  /** The config epoch that new Sentinels start from: the highest that any record knows. */
  epoch: number;
}

/** An exclusive claim on the cluster. `token` grows with every claim that was ever made. */
export interface Lease {
  readonly token: number;
  readonly name: string;
  release(): Promise<void>;
}

/** What is written down of a pause, from before the first Sentinel is told until the last one is put back. */
export interface PauseRecord extends PauseSeen {
  /** Tells this pause from a later one. */
  id: string;
  /** The down-after of each Sentinel before the pause: ms, null where it was not known. */
  previous: Record<NodeId, number | null>;
  /** `until` was cut short on request. */
  cut?: boolean;
}

/** The disk under a node's data. */
export interface DataRoom {
  freeBytes: number;
  /** What the node's data takes now. */
  bytes: number;
  /** Absolute paths of data that was set aside before. */
  aside: string[];
}

/** Works of which one at a time may be under way, whatever operation holds the lease. */
export type SideWork = "backup" | "benchmark";

/** Something that `clean` deletes. */
export interface Belonging {
  kind: "path" | "container" | "volume" | "network";
  /** A path is absolute. */
  name: string;
}

export type RedisProgram = "redis-cli" | "redis-check-rdb" | "redis-benchmark";

export interface ProgramUse {
  /** The program talks to a person. */
  terminal?: boolean;
  /** Absolute path of a directory in which it reads and writes files of ours. */
  dir?: string;
}

/** How one of Redis' own programs is called. */
export interface Program {
  /** Absolute. */
  path: string;
  /** In front of the program's own. */
  args: string[];
  /** The address at which it reaches a node. */
  address(node: Pick<ClusterNode, "host" | "port" | "reach">): { host: string; port: number };
}

/**
 * Where nodes run. Every method addresses nodes by id; none of them decides who is master.
 *
 * Start always goes through safe start: a node that is started becomes a replica of the master that the
 * Sentinels name, or that master itself, or waits.
 */
export interface Runtime {
  readonly kind: RuntimeKind;
  /** Whether a node that ends by itself is started again without the steward, and before it can look. */
  readonly restartsByItself: boolean;
  /** Looks at every process of the topology. Never throws for a dead one. */
  inspect(): Promise<NodeProcess[]>;
  /** The steward that supervises this cluster, from its claim. */
  steward(): Promise<StewardSeen>;
  /** The operation that holds the lease now, or null. */
  operation(): Promise<OperationSeen | null>;
  /** Marks the state directory as this topology's. Throws if a node's address changed under a living state. */
  claimState(): Promise<void>;
  /** What nodes and Sentinels have written down of their own roles. */
  records(): Promise<Records>;
  /** The names of the data sets that Redis nodes hold, as in their records; asked for often. */
  dataSets(): Promise<Map<NodeId, string | null>>;
  /** What the topology changed since the node's own configuration was last brought up to date. */
  pending(node: NodeId): Promise<ConfChange[]>;
  /**
   * Makes the node's own configuration, or carries over what the topology changed; never overwrites what Redis
   * and Sentinel have rewritten. `first` is needed only for a node that has none yet.
   */
  prepare(node: NodeId, first: FirstFacts | null): Promise<void>;
  /** Notes that pending changes were set on the running server. */
  settle(node: NodeId): Promise<void>;
  /** Drops what a node remembers of its last start, when a person has overruled it (`--force-master`). */
  forget(node: NodeId): Promise<void>;
  /** What stands in the way of starting these nodes (ports that somebody else has), as sentences. */
  obstacles(nodes: readonly NodeId[]): Promise<string[]>;
  /**
   * Starts one node and returns its pid as soon as the process exists. Does nothing if it runs already.
   * `force` starts a Redis node as master whatever the Sentinels say (the one override of safe start).
   */
  start(node: NodeId, options?: { force?: boolean }): Promise<{ pid: number; already: boolean }>;
  /** Ends one node's process, escalating after `deadlineMs`. */
  stop(node: NodeId, mode: StopMode, deadlineMs: number): Promise<StopResult>;
  /** Living processes of nodes that the topology no longer names; `stop` takes them. */
  strangers(): Promise<NodeId[]>;
  /** Causes a fault to a node's process, or ends it; refuses when no process of ours is there, or it has no network. */
  fault(node: NodeId, fault: ProcessFault): Promise<void>;
  /** How much room there is for a Redis node's data. */
  dataRoom(node: NodeId): Promise<DataRoom>;
  /** Moves the data of a stopped Redis node out of its sight and returns where to: an absolute path. */
  setAside(node: NodeId, stamp: number): Promise<string>;
  /** Deletes all that was ever set aside for a node. */
  deleteAside(node: NodeId): Promise<void>;
  /** Records which nodes are meant to be up; the steward restarts those, and only those. */
  want(changes: Partial<Record<NodeId, boolean>>): Promise<void>;
  /**
   * Keeps `node` from starting as master until `untilMs` (wall clock) or release: taken before a failover is
   * asked for, so that the old master cannot come back in between.
   */
  hold(node: NodeId, untilMs: number, reason: string): Promise<void>;
  releaseHold(node: NodeId): Promise<void>;
  /** The pause that is written down, also one whose time is over: then its changes are still to be put back. */
  pause(): Promise<PauseRecord | null>;
  /** Writes a pause down, in place of an earlier one. */
  notePause(record: PauseRecord): Promise<void>;
  forgetPause(): Promise<void>;
  /**
   * Starts a process of its own that resumes once the noted pause is over, should nobody else have done so. It ends
   * with the note.
   */
  timePause(): Promise<void>;
  /** Takes the cluster's operation lease, or throws naming who has it. */
  lease(operation: string): Promise<Lease>;
  /**
   * Claims the one place of a work that goes on beside operations (a long backup must not keep the steward from
   * restarting nodes), or throws naming who has it.
   */
  exclusive(work: SideWork): Promise<Lease>;
  /** One of Redis' own programs, to be run beside the nodes. Throws with what to install. */
  program(name: RedisProgram, use?: ProgramUse): Promise<Program>;
  /** Starts the steward if none runs; returns once it has its claim. */
  startSteward(): Promise<{ pid: number; already: boolean }>;
  stopSteward(deadlineMs: number): Promise<void>;
  /** SIGKILL, for drills; resolves once its claim is free. Does nothing when none runs. */
  killSteward(): Promise<void>;
  /** Everything that `clean` deletes and that exists, in the order in which it can be deleted. */
  belongings(): Promise<Belonging[]>;
  delete(what: Belonging): Promise<void>;
  /** The log files of a node, oldest first. */
  logFiles(node: NodeId): Promise<string[]>;
}
