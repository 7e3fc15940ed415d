import type { RedisNode, Topology } from "../topology/model.ts";
import type { ConfLine } from "./conf-syntax.ts";
import { arrange, header, layOut, renderedPath, type RenderOptions } from "./sections.ts";

/**
 * The redis.conf of a node, for its first start.
 *
 * It has no password (the runtime adds that to working copies), no `logfile` and no `pidfile` (the runtime
 * knows the process), and names the initial master; who is master later is decided at each start.
 */
export function renderRedisConf(topology: Topology, node: RedisNode, options: RenderOptions = {}): string {
  const initial = topology.redis.nodes[0].id === node.id;
  const what = `${node.id}: redis.conf of ${initial ? "the initial master" : "a replica"} of cluster ${topology.name}`;
  return layOut(
    header(topology, what, options),
    arrange(redisConfLines(topology, node, options), SECTIONS),
    NOTES,
  );
}

/** The same as plain directives, in the order of the file. */
export function redisConfLines(topology: Topology, node: RedisNode, options: RenderOptions = {}): ConfLine[] {
  const [master] = topology.redis.nodes;
  const included = node.directives.filter(({ name }) => name === "include");
  const own = node.directives.filter(({ name }) => name !== "include");
  return [
    // First, so that an included file cannot take back what Vedette relies on: the last value wins.
    ...included.map(plain),
    { name: "bind", args: node.bind },
    { name: "port", args: [String(node.port)] },
    { name: "daemonize", args: ["no"] },
    { name: "dir", args: [renderedPath(topology, node.dataDir, options)] },
    ...(node.id === master.id ? [] : [{ name: "replicaof", args: [master.host, String(master.port)] }]),
    ...announcement(node),
    ...own.map(plain),
  ];
}

function announcement(node: RedisNode): ConfLine[] {
  if (!node.announced) return [];
  return [
    { name: "replica-announce-ip", args: [node.host] },
    { name: "replica-announce-port", args: [String(node.port)] },
  ];
}

function plain({ name, args }: ConfLine): ConfLine {
  return { name, args };
}

const SECTIONS = [
  ["included files", "include"],
  [
    "network",
    "bind port protected-mode unixsocket unixsocketperm tcp-backlog tcp-keepalive timeout maxclients",
  ],
  ["process", "daemonize loglevel loadmodule io-threads io-threads-do-reads"],
  [
    "persistence",
    `dir appendonly appendfsync aof-use-rdb-preamble no-appendfsync-on-rewrite auto-aof-rewrite-percentage
    auto-aof-rewrite-min-size appendfilename appenddirname save dbfilename rdbcompression rdbchecksum
    stop-writes-on-bgsave-error`,
  ],
  [
    "memory",
    `maxmemory maxmemory-policy maxmemory-samples maxmemory-clients lazyfree-lazy-eviction lazyfree-lazy-expire
    lazyfree-lazy-server-del lazyfree-lazy-user-del lazyfree-lazy-user-flush activedefrag`,
  ],
  [
    "replication",
    `replicaof replica-announce-ip replica-announce-port repl-backlog-size repl-backlog-ttl repl-diskless-sync
    repl-diskless-sync-delay repl-diskless-sync-max-replicas repl-timeout repl-ping-replica-period
    client-output-buffer-limit replica-read-only replica-serve-stale-data replica-priority
    min-replicas-to-write min-replicas-max-lag`,
  ],
  ["observation", "slowlog-log-slower-than slowlog-max-len latency-monitor-threshold latency-tracking"],
  ["other directives of the topology file", ""],
] as const;

const NOTES: Record<string, string> = {
  daemonize: "Vedette starts and supervises the process.",
  dir: "RDB and append-only files.",
  appendonly: "Every write goes to a log; appendfsync tells how often that is forced to the disk.",
  "maxmemory-policy": "What happens at maxmemory: noeviction refuses writes, the others drop keys.",
  replicaof: "The initial master. At each start Vedette asks the Sentinels who it is now.",
  "repl-backlog-size":
    "What a replica may miss and still catch up without a full copy. Redis' 1mb lasts a moment under writes.",
  "repl-diskless-sync-delay":
    "Wait for further replicas before a full copy; Redis' 5s would slow every first sync.",
  "repl-diskless-sync-max-replicas": "All of them are waiting: no need to wait longer.",
  "min-replicas-to-write":
    "A master with fewer replicas within min-replicas-max-lag seconds refuses writes, which bounds what a\nmaster that was cut off can lose. 0 switches it off.",
};
