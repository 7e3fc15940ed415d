/**
 * INFO as values. A field that is missing or unreadable is null: what a server says differs between
 * versions, forks and roles, and a tool that watches must not fall over one line.
 */

/** Section name in lower case (`replication`) → field → value. Fields before any section are in `""`. */
export type Info = Map<string, Map<string, string>>;

export function parseInfo(text: string): Info {
  const info: Info = new Map();
  let section = "";
  for (const line of text.split(/\r?\n/)) {
    if (line.startsWith("#")) {
      section = line.slice(1).trim().toLowerCase();
      continue;
    }
    const colon = line.indexOf(":");
    if (colon <= 0) continue;
    const fields = info.get(section) ?? new Map<string, string>();
    fields.set(line.slice(0, colon), line.slice(colon + 1));
    info.set(section, fields);
  }
  return info;
}

/** One of the replicas that a master lists. */
export interface ListedReplica {
  host: string;
  port: number;
  /** `online`, `wait_bgsave`, `send_bulk`, … */
  state: string;
  /** Last acknowledged offset, bytes. */
  offset: number | null;
  /** Seconds since its last acknowledgement. */
  lagSeconds: number | null;
}

export interface ReplicationInfo {
  role: "master" | "replica" | null;
  replId: string | null;
  /** The previous history's id, which a partial resync may still use. */
  replId2: string | null;
  /** `master_repl_offset`, bytes. */
  masterOffset: number | null;
  /** `slave_repl_offset`, bytes; null on a master. */
  replicaOffset: number | null;
  masterHost: string | null;
  masterPort: number | null;
  linkUp: boolean | null;
  syncing: boolean | null;
  /** Seconds since the replica heard from its master; null while the link is down. */
  lastIoSeconds: number | null;
  linkDownSeconds: number | null;
  priority: number | null;
  connectedReplicas: number | null;
  replicas: ListedReplica[];
}

export function replicationInfo(info: Info): ReplicationInfo {
  const field = reader(info, "replication");
  const role = field.text("role");
  return {
    role: role === "master" ? "master" : role === "slave" || role === "replica" ? "replica" : null,
    replId: field.text("master_replid"),
    replId2: field.text("master_replid2"),
    masterOffset: field.count("master_repl_offset"),
    replicaOffset: field.count("slave_repl_offset"),
    masterHost: field.text("master_host"),
    masterPort: field.count("master_port"),
    linkUp: field.oneOf("master_link_status", "up", "down"),
    syncing: field.flag("master_sync_in_progress"),
    lastIoSeconds: field.count("master_last_io_seconds_ago"),
    linkDownSeconds: field.count("master_link_down_since_seconds"),
    priority: field.count("slave_priority"),
    connectedReplicas: field.count("connected_slaves"),
    replicas: listedReplicas(info.get("replication") ?? new Map()),
  };
}

/** Reads the master's `slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=1` lines. */
function listedReplicas(fields: ReadonlyMap<string, string>): ListedReplica[] {
  const replicas: ListedReplica[] = [];
  for (const [name, value] of fields) {
    if (!/^slave\d+$/.test(name)) continue;
    const parts = new Map(value.split(",").map((part) => split(part, "=")));
    const host = parts.get("ip");
    const port = count(parts.get("port"));
    if (host === undefined || host === "" || port === null) continue;
    replicas.push({
      host,
      port,
      state: parts.get("state") ?? "",
      offset: count(parts.get("offset")),
      lagSeconds: count(parts.get("lag")),
    });
  }
  return replicas;
}

export interface ServerInfo {
  version: string | null;
  runId: string | null;
  pid: number | null;
  uptimeSeconds: number | null;
  /** `standalone`, `sentinel` or `cluster`. */
  mode: string | null;
  /** Absolute path of the file it was started with, null when there was none. */
  configFile: string | null;
}

export function serverInfo(info: Info): ServerInfo {
  const field = reader(info, "server");
  return {
    // Valkey reports the Redis version it is compatible with beside its own.
    version: field.text("valkey_version") ?? field.text("redis_version"),
    runId: field.text("run_id"),
    pid: field.count("process_id"),
    uptimeSeconds: field.count("uptime_in_seconds"),
    mode: field.text("redis_mode"),
    configFile: field.text("config_file"),
  };
}

export interface MemoryInfo {
  usedBytes: number | null;
  rssBytes: number | null;
  /** 0 = no limit. */
  maxBytes: number | null;
  policy: string | null;
  fragmentation: number | null;
}

export function memoryInfo(info: Info): MemoryInfo {
  const field = reader(info, "memory");
  return {
    usedBytes: field.count("used_memory"),
    rssBytes: field.count("used_memory_rss"),
    maxBytes: field.count("maxmemory"),
    policy: field.text("maxmemory_policy"),
    fragmentation: field.decimal("mem_fragmentation_ratio"),
  };
}

export interface ClientsInfo {
  connected: number | null;
  blocked: number | null;
}

export function clientsInfo(info: Info): ClientsInfo {
  const field = reader(info, "clients");
  return { connected: field.count("connected_clients"), blocked: field.count("blocked_clients") };
}

export interface StatsInfo {
  opsPerSecond: number | null;
  evictedKeys: number | null;
  expiredKeys: number | null;
  commandsProcessed: number | null;
  fullSyncs: number | null;
  partialSyncs: number | null;
}

export function statsInfo(info: Info): StatsInfo {
  const field = reader(info, "stats");
  return {
    opsPerSecond: field.count("instantaneous_ops_per_sec"),
    evictedKeys: field.count("evicted_keys"),
    expiredKeys: field.count("expired_keys"),
    commandsProcessed: field.count("total_commands_processed"),
    fullSyncs: field.count("sync_full"),
    partialSyncs: field.count("sync_partial_ok"),
  };
}

export interface PersistenceInfo {
  loading: boolean | null;
  aofEnabled: boolean | null;
  saveInProgress: boolean | null;
  lastSaveOk: boolean | null;
  /** Seconds since the epoch. */
  lastSaveTime: number | null;
  changesSinceSave: number | null;
  aofRewriteInProgress: boolean | null;
  lastAofWriteOk: boolean | null;
  lastAofRewriteOk: boolean | null;
}

export function persistenceInfo(info: Info): PersistenceInfo {
  const field = reader(info, "persistence");
  return {
    loading: field.flag("loading"),
    aofEnabled: field.flag("aof_enabled"),
    saveInProgress: field.flag("rdb_bgsave_in_progress"),
    lastSaveOk: field.oneOf("rdb_last_bgsave_status", "ok", "err"),
    lastSaveTime: field.count("rdb_last_save_time"),
    changesSinceSave: field.count("rdb_changes_since_last_save"),
    aofRewriteInProgress: field.flag("aof_rewrite_in_progress"),
    lastAofWriteOk: field.oneOf("aof_last_write_status", "ok", "err"),
    lastAofRewriteOk: field.oneOf("aof_last_bgrewrite_status", "ok", "err"),
  };
}

/** Keys per database, `db0` → n, from `db0:keys=1,expires=0,avg_ttl=0`. Empty databases are not listed. */
export function keyspaceInfo(info: Info): Record<string, number> {
  const keys: Record<string, number> = {};
  for (const [name, value] of info.get("keyspace") ?? []) {
    const found = /^db\d+$/.test(name) ? count(/(?:^|,)keys=(\d+)/.exec(value)?.[1]) : null;
    if (found !== null) keys[name] = found;
  }
  return keys;
}

/** What a Sentinel says of itself. */
export interface SentinelInfo {
  /** In TILT a Sentinel acts on nothing. */
  tilt: boolean | null;
  masters: number | null;
}

export function sentinelInfo(info: Info): SentinelInfo {
  const field = reader(info, "sentinel");
  return { tilt: field.flag("sentinel_tilt"), masters: field.count("sentinel_masters") };
}

function reader(info: Info, section: string) {
  const fields = info.get(section);
  const text = (name: string): string | null => {
    const value = fields?.get(name);
    return value === undefined || value === "" ? null : value;
  };
  return {
    text,
    count: (name: string) => count(text(name)),
    flag: (name: string) => either(text(name), "1", "0"),
    oneOf: (name: string, yes: string, no: string) => either(text(name), yes, no),
    decimal: (name: string) => {
      const value = text(name);
      return value !== null && /^\d+(\.\d+)?$/.test(value) ? Number(value) : null;
    },
  };
}

function either(value: string | null, yes: string, no: string): boolean | null {
  if (value === yes) return true;
  return value === no ? false : null;
}

/** A whole number ≥ 0. Redis writes -1 for "never" and "not now", which is null here. */
function count(value: string | null | undefined): number | null {
  if (value === null || value === undefined || !/^\d+$/.test(value)) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}

function split(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + 1)];
}
