/**
 * What Vedette knows of redis.conf and sentinel.conf directives (Redis 7.0, config.c and sentinel.c).
 *
 * A directive that is not listed is accepted as it stands (modules, newer versions of Redis), unless it looks
 * like a slip of the pen for one that is.
 */

export type DirectiveKind =
  | { kind: "flag" }
  | { kind: "number"; min: number; max: number }
  | { kind: "size" }
  /** `maxmemory-clients` takes a size or a percentage. */
  | { kind: "size-or-percent" }
  | { kind: "octal" }
  | { kind: "choice"; values: readonly string[] }
  /** Several choices on one line. */
  | { kind: "choices"; values: readonly string[] }
  | { kind: "text" }
  /** A line of several arguments; `repeat` when it may stand several times. */
  | { kind: "arguments"; repeat: boolean };

const INT_MAX = 2_147_483_647;
const LONG_MAX = Number.MAX_SAFE_INTEGER;

const FLAGS = `activedefrag activerehashing always-show-logo aof-disable-auto-gc aof-load-truncated
  aof-rewrite-incremental-fsync aof-timestamp-enabled aof-use-rdb-preamble appendonly
  cluster-allow-pubsubshard-when-down cluster-allow-reads-when-down cluster-allow-replica-migration
  cluster-enabled cluster-replica-no-failover cluster-require-full-coverage crash-log-enabled
  crash-memcheck-enabled daemonize disable-thp dynamic-hz io-threads-do-reads jemalloc-bg-thread
  latency-tracking lazyfree-lazy-eviction lazyfree-lazy-expire lazyfree-lazy-server-del lazyfree-lazy-user-del
  lazyfree-lazy-user-flush no-appendfsync-on-rewrite protected-mode rdb-del-sync-files
  rdb-save-incremental-fsync rdbchecksum rdbcompression repl-disable-tcp-nodelay repl-diskless-sync
  replica-announced replica-ignore-disk-write-errors replica-ignore-maxmemory replica-lazy-flush
  replica-read-only replica-serve-stale-data set-proc-title stop-writes-on-bgsave-error syslog-enabled
  tls-cluster tls-prefer-server-ciphers tls-replication tls-session-caching`;

const TEXTS = `aclfile aof_rewrite_cpulist appenddirname appendfilename bgsave_cpulist bind-source-addr
  bio_cpulist cluster-announce-hostname cluster-announce-ip cluster-config-file dbfilename dir ignore-warnings
  logfile masterauth masteruser notify-keyspace-events pidfile proc-title-template replica-announce-ip
  requirepass server_cpulist syslog-ident tls-ca-cert-dir tls-ca-cert-file tls-cert-file tls-ciphers
  tls-ciphersuites tls-client-cert-file tls-client-key-file tls-client-key-file-pass tls-dh-params-file
  tls-key-file tls-key-file-pass tls-protocols unixsocket`;

const SIZES = `active-defrag-ignore-bytes auto-aof-rewrite-min-size client-query-buffer-limit
  cluster-link-sendbuf-limit hash-max-listpack-value hll-sparse-max-bytes maxmemory proto-max-bulk-len
  repl-backlog-size stream-node-max-bytes zset-max-listpack-value`;

const NUMBERS: Record<string, [min: number, max: number]> = {
  "acllog-max-len": [0, LONG_MAX],
  "active-defrag-cycle-max": [1, 99],
  "active-defrag-cycle-min": [1, 99],
  "active-defrag-max-scan-fields": [1, LONG_MAX],
  "active-defrag-threshold-lower": [0, 1000],
  "active-defrag-threshold-upper": [0, 1000],
  "active-expire-effort": [1, 10],
  "auto-aof-rewrite-percentage": [0, INT_MAX],
  "busy-reply-threshold": [0, LONG_MAX],
  "cluster-announce-bus-port": [0, 65_535],
  "cluster-announce-port": [0, 65_535],
  "cluster-announce-tls-port": [0, 65_535],
  "cluster-migration-barrier": [0, INT_MAX],
  "cluster-node-timeout": [0, LONG_MAX],
  "cluster-port": [0, 65_535],
  "cluster-replica-validity-factor": [0, INT_MAX],
  databases: [1, INT_MAX],
  "hash-max-listpack-entries": [0, LONG_MAX],
  hz: [0, INT_MAX],
  "io-threads": [1, 128],
  "latency-monitor-threshold": [0, LONG_MAX],
  "lfu-decay-time": [0, INT_MAX],
  "lfu-log-factor": [0, INT_MAX],
  "list-compress-depth": [0, INT_MAX],
  "list-max-listpack-size": [-INT_MAX - 1, INT_MAX],
  maxclients: [1, 4_294_967_295],
  "maxmemory-eviction-tenacity": [0, 100],
  "maxmemory-samples": [1, INT_MAX],
  "min-replicas-max-lag": [0, INT_MAX],
  "min-replicas-to-write": [0, INT_MAX],
  port: [0, 65_535],
  "repl-backlog-ttl": [0, LONG_MAX],
  "repl-diskless-sync-delay": [0, INT_MAX],
  "repl-diskless-sync-max-replicas": [0, INT_MAX],
  "repl-ping-replica-period": [1, INT_MAX],
  "repl-timeout": [1, INT_MAX],
  "replica-announce-port": [0, 65_535],
  "replica-priority": [0, INT_MAX],
  "set-max-intset-entries": [0, LONG_MAX],
  "shutdown-timeout": [0, INT_MAX],
  "slowlog-log-slower-than": [-1, LONG_MAX],
  "slowlog-max-len": [0, LONG_MAX],
  "socket-mark-id": [0, 4_294_967_295],
  "stream-node-max-entries": [0, LONG_MAX],
  "tcp-backlog": [0, INT_MAX],
  "tcp-keepalive": [0, INT_MAX],
  timeout: [0, INT_MAX],
  "tls-port": [0, 65_535],
  "tls-session-cache-size": [0, INT_MAX],
  "tls-session-cache-timeout": [0, INT_MAX],
  "tracking-table-max-keys": [0, LONG_MAX],
  "zset-max-listpack-entries": [0, LONG_MAX],
};

const PROTECTED_ACTION = ["no", "yes", "local"];

const CHOICES: Record<string, readonly string[]> = {
  "acl-pubsub-default": ["allchannels", "resetchannels"],
  appendfsync: ["everysec", "always", "no"],
  "cluster-preferred-endpoint-type": ["ip", "hostname", "unknown-endpoint"],
  "enable-debug-command": PROTECTED_ACTION,
  "enable-module-command": PROTECTED_ACTION,
  "enable-protected-configs": PROTECTED_ACTION,
  loglevel: ["debug", "verbose", "notice", "warning", "nothing"],
  "maxmemory-policy": [
    "noeviction",
    "allkeys-lru",
    "allkeys-lfu",
    "allkeys-random",
    "volatile-lru",
    "volatile-lfu",
    "volatile-random",
    "volatile-ttl",
  ],
  "oom-score-adj": ["no", "yes", "relative", "absolute"],
  "propagation-error-behavior": ["ignore", "panic", "panic-on-replicas"],
  "repl-diskless-load": ["disabled", "on-empty-db", "swapdb"],
  "sanitize-dump-payload": ["no", "yes", "clients"],
  supervised: ["no", "upstart", "systemd", "auto"],
  "syslog-facility": ["user", ...Array.from({ length: 8 }, (_, i) => `local${i}`)],
  "tls-auth-clients": ["no", "yes", "optional"],
};

const SHUTDOWN = ["default", "save", "nosave", "now", "force"];

/** Older names that Redis still reads, and the ones under which Vedette writes them. */
const ALIASES: Record<string, string> = {
  "cluster-slave-no-failover": "cluster-replica-no-failover",
  "cluster-slave-validity-factor": "cluster-replica-validity-factor",
  "hash-max-ziplist-entries": "hash-max-listpack-entries",
  "hash-max-ziplist-value": "hash-max-listpack-value",
  "list-max-ziplist-size": "list-max-listpack-size",
  "lua-time-limit": "busy-reply-threshold",
  "min-slaves-max-lag": "min-replicas-max-lag",
  "min-slaves-to-write": "min-replicas-to-write",
  "repl-ping-slave-period": "repl-ping-replica-period",
  "slave-announce-ip": "replica-announce-ip",
  "slave-announce-port": "replica-announce-port",
  "slave-ignore-maxmemory": "replica-ignore-maxmemory",
  "slave-lazy-flush": "replica-lazy-flush",
  "slave-priority": "replica-priority",
  "slave-read-only": "replica-read-only",
  "slave-serve-stale-data": "replica-serve-stale-data",
  slaveof: "replicaof",
  "zset-max-ziplist-entries": "zset-max-listpack-entries",
  "zset-max-ziplist-value": "zset-max-listpack-value",
};

/** Keys of `sentinel.config` that become `sentinel KEY …` lines; `named` ones carry the master's name. */
const SENTINEL_DIRECTIVES: Record<string, { kind: DirectiveKind; named: boolean }> = {
  "announce-hostnames": { kind: { kind: "flag" }, named: false },
  "client-reconfig-script": { kind: { kind: "text" }, named: true },
  "deny-scripts-reconfig": { kind: { kind: "flag" }, named: false },
  "master-reboot-down-after-period": { kind: { kind: "number", min: 0, max: LONG_MAX }, named: true },
  "notification-script": { kind: { kind: "text" }, named: true },
  "rename-command": { kind: { kind: "arguments", repeat: true }, named: true },
  "resolve-hostnames": { kind: { kind: "flag" }, named: false },
};

export type ConfigFile = "redis" | "sentinel";

let tables: Record<ConfigFile, Map<string, DirectiveKind>> | null = null;

function knownTables(): Record<ConfigFile, Map<string, DirectiveKind>> {
  if (tables !== null) return tables;
  const redis = new Map<string, DirectiveKind>();
  for (const name of FLAGS.split(/\s+/)) redis.set(name, { kind: "flag" });
  for (const name of TEXTS.split(/\s+/)) redis.set(name, { kind: "text" });
  for (const name of SIZES.split(/\s+/)) redis.set(name, { kind: "size" });
  for (const [name, [min, max]] of Object.entries(NUMBERS)) redis.set(name, { kind: "number", min, max });
  for (const [name, values] of Object.entries(CHOICES)) redis.set(name, { kind: "choice", values });
  redis.set("maxmemory-clients", { kind: "size-or-percent" });
  redis.set("unixsocketperm", { kind: "octal" });
  for (const name of ["shutdown-on-sigint", "shutdown-on-sigterm"]) {
    redis.set(name, { kind: "choices", values: SHUTDOWN });
  }
  for (const name of ["bind", "latency-tracking-info-percentiles", "oom-score-adj-values", "replicaof"]) {
    redis.set(name, { kind: "arguments", repeat: false });
  }
  for (const name of [
    "client-output-buffer-limit",
    "include",
    "loadmodule",
    "rename-command",
    "save",
    "user",
  ]) {
    redis.set(name, { kind: "arguments", repeat: true });
  }
  const sentinel = new Map(redis);
  for (const [name, { kind }] of Object.entries(SENTINEL_DIRECTIVES)) sentinel.set(name, kind);
  tables = { redis, sentinel };
  return tables;
}

/** Lower case, and today's name for one of the old ones. */
export function canonicalDirective(name: string): string {
  const lower = name.toLowerCase();
  return Object.hasOwn(ALIASES, lower) ? (ALIASES[lower] ?? lower) : lower;
}

/** How the arguments of a known directive look; null for one that we do not know. */
export function directiveKind(file: ConfigFile, name: string): DirectiveKind | null {
  return knownTables()[file].get(name) ?? null;
}

export function knownDirectives(file: ConfigFile): string[] {
  return [...knownTables()[file].keys()];
}

/** `named` when the line reads `sentinel KEY <master name> …`, `global` for `sentinel KEY …`, else `plain`. */
export function sentinelForm(name: string): "plain" | "named" | "global" {
  const entry = Object.hasOwn(SENTINEL_DIRECTIVES, name) ? SENTINEL_DIRECTIVES[name] : undefined;
  if (entry === undefined) return "plain";
  return entry.named ? "named" : "global";
}
