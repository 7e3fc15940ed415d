import { canonicalDirective, type ConfigFile } from "./directives.ts";

/** Directives that are not the user's to set, and those whose values nobody may see. */

const WHO_IS_MASTER = "Sentinel decides who is master";
const PASSWORD =
  "one password serves every node and Sentinel: put it into a file and set security.passwordFile";
const SUPERVISION = "Vedette runs and supervises the process";
const ANNOUNCE = "set announce, for all nodes or under nodes";

const OWNED_BY_BOTH: Record<string, string> = {
  bind: "set bind, for all nodes or under nodes",
  daemonize: SUPERVISION,
  pidfile: SUPERVISION,
  supervised: SUPERVISION,
  logfile: "logs go to the state directory: see logs.maxSize and logs.keep",
  masterauth: PASSWORD,
  masteruser: PASSWORD,
  requirepass: PASSWORD,
};

const OWNED_REDIS: Record<string, string> = {
  ...OWNED_BY_BOTH,
  "cluster-enabled": "Vedette runs one master with replicas under Sentinel, not Redis Cluster",
  dir: "set redis.dataDir, or dataDir under redis.nodes",
  port: "set redis.port, or port under redis.nodes",
  "replica-announce-ip": ANNOUNCE,
  "replica-announce-port": ANNOUNCE,
  replicaof: WHO_IS_MASTER,
  sentinel: "set it in sentinel.config",
};

const OWNED_SENTINEL: Record<string, string> = {
  ...OWNED_BY_BOTH,
  "announce-ip": ANNOUNCE,
  "announce-port": ANNOUNCE,
  "auth-pass": PASSWORD,
  "auth-user": PASSWORD,
  "config-epoch": WHO_IS_MASTER,
  "current-epoch": WHO_IS_MASTER,
  dir: "each Sentinel works in the state directory: set stateDir",
  "down-after-milliseconds": "set sentinel.downAfter",
  "failover-timeout": "set sentinel.failoverTimeout",
  "known-replica": WHO_IS_MASTER,
  "known-sentinel": WHO_IS_MASTER,
  "known-slave": WHO_IS_MASTER,
  "leader-epoch": WHO_IS_MASTER,
  monitor: "set name, redis.port and sentinel.quorum",
  myid: "each Sentinel makes and keeps its own",
  "parallel-syncs": "set sentinel.parallelSyncs",
  port: "set sentinel.port, or port under sentinel.nodes",
  replicaof: WHO_IS_MASTER,
  sentinel: "write the key without the word sentinel, such as notification-script: /path",
  "sentinel-pass": PASSWORD,
  "sentinel-user": PASSWORD,
};

/** Commands that Sentinel, replication or Vedette itself send; renaming one of them breaks failover. */
export const NEEDED_COMMANDS: ReadonlySet<string> = new Set(
  `auth bgsave client config dbsize debug exec hello info lastsave multi ping psync publish replconf replicaof role
  select shutdown slaveof subscribe sync unsubscribe wait`.split(/\s+/),
);

/** A pass phrase in clear would stand in readable rendered files, so these are refused. */
export const SECRET_DIRECTIVES: ReadonlySet<string> = new Set([
  "tls-key-file-pass",
  "tls-client-key-file-pass",
]);

/** Directives whose values are never shown. */
const SENSITIVE: ReadonlySet<string> = new Set([
  ...SECRET_DIRECTIVES,
  "requirepass",
  "masterauth",
  "masteruser",
  "user",
  "auth-pass",
  "auth-user",
  "sentinel-pass",
  "sentinel-user",
]);

/** What to do instead of setting a directive that Vedette writes itself; null when it is free to set. */
export function ownedHint(file: ConfigFile, name: string): string | null {
  const table = file === "redis" ? OWNED_REDIS : OWNED_SENTINEL;
  return Object.hasOwn(table, name) ? (table[name] ?? null) : null;
}

export function isSensitive(name: string): boolean {
  return SENSITIVE.has(canonicalDirective(name));
}
