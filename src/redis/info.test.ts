import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  clientsInfo,
  keyspaceInfo,
  memoryInfo,
  parseInfo,
  persistenceInfo,
  replicationInfo,
  sentinelInfo,
  serverInfo,
  statsInfo,
} from "./info.ts";

const MASTER = [
  "# Server",
  "redis_version:7.0.15",
  "redis_mode:standalone",
  "process_id:4711",
  "run_id:8c1a",
  "uptime_in_seconds:12",
  "config_file:/srv/redis.conf",
  "",
  "# Memory",
  "used_memory:1048576",
  "maxmemory:0",
  "maxmemory_policy:allkeys-lru",
  "mem_fragmentation_ratio:1.07",
  "",
  "# Persistence",
  "loading:0",
  "aof_enabled:1",
  "rdb_last_bgsave_status:err",
  "aof_last_write_status:ok",
  "aof_last_bgrewrite_status:ok",
  "",
  "# Replication",
  "role:master",
  "connected_slaves:2",
  "slave0:ip=127.0.0.1,port=6380,state=online,offset=42,lag=1",
  "slave1:ip=::1,port=6381,state=wait_bgsave,offset=0,lag=0",
  "master_replid:aaaa",
  "master_repl_offset:42",
  "",
  "# Keyspace",
  "db0:keys=3,expires=1,avg_ttl=7",
  "db9:keys=1,expires=0,avg_ttl=0",
  "",
].join("\r\n");

const REPLICA = [
  "# Replication",
  "role:slave",
  "master_host:10.0.0.1",
  "master_port:6379",
  "master_link_status:down",
  "master_last_io_seconds_ago:-1",
  "master_sync_in_progress:1",
  "slave_repl_offset:17",
  "master_link_down_since_seconds:3",
  "slave_priority:0",
].join("\r\n");

describe("parseInfo", () => {
  it("reads what a master says of itself and of its replicas", () => {
    const info = parseInfo(MASTER);
    expect(replicationInfo(info)).toMatchObject({
      role: "master",
      replId: "aaaa",
      masterOffset: 42,
      replicaOffset: null,
      linkUp: null,
      connectedReplicas: 2,
      replicas: [
        { host: "127.0.0.1", port: 6380, state: "online", offset: 42, lagSeconds: 1 },
        { host: "::1", port: 6381, state: "wait_bgsave", offset: 0, lagSeconds: 0 },
      ],
    });
    expect(serverInfo(info)).toEqual({
      version: "7.0.15",
      runId: "8c1a",
      pid: 4711,
      uptimeSeconds: 12,
      mode: "standalone",
      configFile: "/srv/redis.conf",
    });
    expect(memoryInfo(info)).toEqual({
      usedBytes: 1048576,
      rssBytes: null,
      maxBytes: 0,
      policy: "allkeys-lru",
      fragmentation: 1.07,
    });
    expect(persistenceInfo(info)).toMatchObject({
      loading: false,
      aofEnabled: true,
      lastSaveOk: false,
      lastAofWriteOk: true,
      lastAofRewriteOk: true,
      saveInProgress: null,
    });
    expect(keyspaceInfo(info)).toEqual({ db0: 3, db9: 1 });
  });

  it("reads a replica whose link is down: -1 is no number of seconds", () => {
    expect(replicationInfo(parseInfo(REPLICA))).toMatchObject({
      role: "replica",
      masterHost: "10.0.0.1",
      masterPort: 6379,
      linkUp: false,
      syncing: true,
      lastIoSeconds: null,
      linkDownSeconds: 3,
      replicaOffset: 17,
      priority: 0,
    });
  });

  it("prefers Valkey's own version and sees a Sentinel in TILT", () => {
    const info = parseInfo(
      "# Server\r\nredis_version:7.2.4\r\nvalkey_version:8.1.0\r\n# Sentinel\r\nsentinel_tilt:1\r\n",
    );
    expect(serverInfo(info).version).toBe("8.1.0");
    expect(sentinelInfo(info).tilt).toBe(true);
  });

  it("keeps a field in its own section: `loading` of another section is not persistence's", () => {
    expect(persistenceInfo(parseInfo("# Modules\r\nloading:1\r\n")).loading).toBeNull();
  });
});

describe("parseInfo, whatever the text", () => {
  const name = fc.stringMatching(/^[a-z_]{1,12}$/);
  const value = fc.stringMatching(/^[ -9;-~]{0,20}$/);

  it("gives back every field that was written, in its section", () => {
    const sections = fc.dictionary(name, fc.dictionary(name, value, { minKeys: 1 }), {
      noNullPrototype: true,
    });
    fc.assert(
      fc.property(sections, (sections) => {
        const text = Object.entries(sections)
          .map(([section, fields]) =>
            [`# ${section}`, ...Object.entries(fields).map(([k, v]) => `${k}:${v}`), ""].join("\r\n"),
          )
          .join("\r\n");
        const back = Object.fromEntries([...parseInfo(text)].map(([k, v]) => [k, Object.fromEntries(v)]));
        expect(back).toEqual(sections);
      }),
    );
  });

  it("never throws, and gives numbers only where whole numbers ≥ 0 stood", () => {
    const line = fc.oneof(
      fc.string(),
      fc
        .tuple(fc.constantFrom(...MASTER.split("\r\n"), ...REPLICA.split("\r\n")), fc.string())
        .map((p) => p.join("")),
    );
    fc.assert(
      fc.property(fc.array(line), (lines) => {
        const info = parseInfo(lines.join("\r\n"));
        const all = {
          ...replicationInfo(info),
          ...serverInfo(info),
          ...memoryInfo(info),
          ...clientsInfo(info),
          ...statsInfo(info),
          ...persistenceInfo(info),
        };
        for (const seen of Object.values(all)) {
          if (typeof seen === "number") expect(seen).toBeGreaterThanOrEqual(0);
        }
        for (const keys of Object.values(keyspaceInfo(info))) expect(Number.isSafeInteger(keys)).toBe(true);
      }),
    );
  });

  it("says null for everything of an empty answer", () => {
    const info = parseInfo("");
    const { replicas, ...replication } = replicationInfo(info);
    expect(replicas).toEqual([]);
    const rest = {
      ...replication,
      ...serverInfo(info),
      ...memoryInfo(info),
      ...statsInfo(info),
      ...clientsInfo(info),
    };
    expect(new Set(Object.values(rest))).toEqual(new Set([null]));
  });
});
