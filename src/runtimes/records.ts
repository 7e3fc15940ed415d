import type { Address } from "../cluster/snapshot.ts";
import type { NodeId } from "../topology/model.ts";

/**
 * What the cluster has written down of itself, read while it may be down. Live replication offsets are no part
 * of it: they restart at 1.
 */
export interface Records {
  redis: RedisRecord[];
  sentinels: SentinelRecord[];
  positions: Positions | null;
}

export interface RedisRecord {
  node: NodeId;
  /** False before the node's first preparation, or when its state was wiped. */
  known: boolean;
  /** The master that its configuration follows; null = its configuration says that it is one. */
  follows: Address | null;
  hasData: boolean;
  /** The name of the data set in the node's directory: another one after a wipe. Null before its first start. */
  dataId: string | null;
  /** The lowest config epoch that this node has certainly lived through. */
  epoch: number;
}

export interface SentinelRecord {
  node: NodeId;
  known: boolean;
  master: Address | null;
  epoch: number;
}

/** Written regularly by the steward. */
export interface Positions {
  /** Wall clock ms of the record. */
  at: number;
  epoch: number;
  /** The node that a majority of Sentinels named. */
  master: NodeId | null;
  nodes: Record<NodeId, Position>;
}

export interface Position {
  at: number;
  role: "master" | "replica";
  replId: string;
  /** Bytes. */
  offset: number;
  /** Keys over all databases. */
  keys: number;
  dataId: string | null;
}
