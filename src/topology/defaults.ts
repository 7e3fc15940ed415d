import { majorityOf } from "./model.ts";
import type { DirectiveSet } from "./profiles.ts";

/** What holds when the topology file says nothing: the seed's cluster. Durations are ms. */
export const DEFAULTS = {
  name: "mymaster",
  stateDir: ".vedette",
  backupDir: "backups",
  bind: "127.0.0.1",
  replicas: 3,
  redisPort: 6379,
  sentinels: 3,
  sentinelPort: 26_379,
  downAfterMs: 5000,
  failoverTimeoutMs: 10_000,
  parallelSyncs: 1,
  /** Sentinel's own periods, sentinel.c 81-103. */
  periods: { ping: 1000, info: 10_000, ask: 1000, publish: 2000, tilt: 30_000 },
  restarts: 5,
  windowMs: 60_000,
  logBytes: 10 * 1024 * 1024,
  logKeep: 5,
  writeGapMs: 10_000,
  lostWrites: 0,
} as const;

/** Quorum when none is given: enough Sentinels that fewer could not elect a leader either. */
export function defaultQuorum(sentinels: number): number {
  return majorityOf(sentinels);
}

/** Directives of every Redis node before sizes, profiles and the file. The order is that of the file. */
export function redisDefaults(replicas: number): DirectiveSet {
  return {
    "protected-mode": [["yes"]],
    loglevel: [["notice"]],
    appendonly: [["yes"]],
    appendfsync: [["everysec"]],
    "aof-use-rdb-preamble": [["yes"]],
    save: [
      ["3600", "1"],
      ["300", "100"],
      ["60", "10000"],
    ],
    maxmemory: [["256mb"]],
    "maxmemory-policy": [["allkeys-lru"]],
    "repl-backlog-size": [["64mb"]],
    "repl-diskless-sync": [["yes"]],
    "repl-diskless-sync-delay": [["1"]],
    "repl-diskless-sync-max-replicas": [[String(replicas)]],
    "replica-read-only": [["yes"]],
    "replica-serve-stale-data": [["yes"]],
    "replica-priority": [["100"]],
    "min-replicas-to-write": [["0"]],
    "min-replicas-max-lag": [["10"]],
    "slowlog-log-slower-than": [["10000"]],
    "slowlog-max-len": [["128"]],
    "latency-monitor-threshold": [["100"]],
  };
}

/** Keys of `sentinel.config` before the file. */
export const SENTINEL_DEFAULTS: DirectiveSet = {
  "protected-mode": [["yes"]],
  loglevel: [["notice"]],
  "deny-scripts-reconfig": [["yes"]],
};
