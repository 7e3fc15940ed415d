import type { NodeId } from "../topology/model.ts";

/**
 * Every code a finding may have, worst subjects first. They are a contract: scripts, alerts and
 * docs/findings.md name them.
 */
export const FINDING_CODES = [
  "NOT_STARTED",
  "ALL_DOWN",
  "NO_QUORUM",
  "NO_MASTER",
  "MASTER_UNKNOWN",
  "MASTER_DOWN",
  "MASTER_IS_REPLICA",
  "TWO_MASTERS",
  "MASTER_NOT_NAMED",
  "MASTER_FENCED",
  "TOO_FEW_REPLICAS",
  "FAILOVER_IN_PROGRESS",
  "NODE_AUTH",
  "NODE_GAVE_UP",
  "NODE_DOWN",
  "NODE_UNREACHABLE",
  "NODE_WAITING",
  "NODE_LOADING",
  "REPLICA_WRONG_MASTER",
  "REPLICA_LINK_DOWN",
  "REPLICA_SYNCING",
  "REPLICA_LAGS",
  "REPLICA_NOT_PROMOTABLE",
  "SAVE_FAILING",
  "AOF_FAILING",
  "MEMORY_HIGH",
  "VERSION_MIX",
  "SENTINEL_AUTH",
  "SENTINEL_DOWN",
  "SENTINEL_NOT_MONITORING",
  "SENTINELS_DISAGREE",
  "SENTINEL_TILT",
  "SENTINEL_SEES_DOWN",
  "SENTINEL_MISSES_REPLICA",
  "SENTINEL_MISSES_PEER",
  "SENTINEL_STALE_ENTRY",
  "SENTINEL_TIMING",
  "STEWARD_DOWN",
  "PAUSED",
  "ONE_HOST",
  "FEW_SENTINELS",
  "NO_REPLICAS",
  "EVICTION",
  "PERSISTENCE_OFF",
] as const;

export type FindingCode = (typeof FINDING_CODES)[number];

/** `error` hurts service now, `warning` may later, `info` is advice and never changes an exit code. */
export type Severity = "error" | "warning" | "info";

/** A judged difference between what is and what should be. */
export interface Finding {
  code: FindingCode;
  severity: Severity;
  /** The node it is about, null when it is about the cluster. */
  node: NodeId | null;
  /** What was seen, and what was expected where that is not plain. */
  message: string;
  /** What to do about it: the command to type, where there is one. */
  action: string;
}

/** True when nothing is wrong: healthy means nothing above `info`. */
export function isHealthy(findings: readonly Finding[]): boolean {
  return findings.every((finding) => finding.severity === "info");
}
