import type { Address } from "../cluster/snapshot.ts";
import type { NodeId, RedisNode } from "../topology/model.ts";
import type { RedisRecord, SentinelRecord } from "./records.ts";

/** What lies in a Redis node's directories; null for a file that is not there. */
export interface RedisFiles {
  conf: string | null;
  started: string | null;
  dataId: string | null;
  /** Bytes of a file of the data directory, or entries of a directory: 0 when it is not there. */
  size: (name: string) => number;
}

/** What a Redis node has written down of its own role. */
export function redisRecord(node: RedisNode, { conf, started, dataId, size }: RedisFiles): RedisRecord {
  const follows = conf === null ? null : followed(conf);
  return {
    node: node.id,
    known: conf !== null,
    follows,
    hasData: dataFiles(node).some((name) => size(name) > 0),
    dataId: dataId?.trim() ?? null,
    epoch: livedEpoch(started, follows),
  };
}

/** What a Sentinel has rewritten its configuration to; `cluster` is the master's name. */
export function sentinelRecord(node: NodeId, cluster: string, conf: string | null): SentinelRecord {
  const monitor = /^sentinel monitor (\S+) (\S+) (\d+) \d+/m.exec(unquoted(conf ?? ""));
  const epoch = /^sentinel config-epoch \S+ (\d+)/m.exec(unquoted(conf ?? ""));
  const host = monitor?.[2];
  return {
    node,
    known: conf !== null,
    master: monitor?.[1] === cluster && host !== undefined ? { host, port: Number(monitor[3]) } : null,
    epoch: Number(epoch?.[1] ?? 0),
  };
}

/** Of a node of which nothing is there. */
export function unknownRedis(node: NodeId): RedisRecord {
  return { node, known: false, follows: null, hasData: false, dataId: null, epoch: 0 };
}

export function unknownSentinel(node: NodeId): SentinelRecord {
  return { node, known: false, master: null, epoch: 0 };
}

/** The same rule as `lived_epoch` of assets/node-start.sh, which writes `started`: "EPOCH ROLE [HOST PORT]". */
export function livedEpoch(started: string | null, follows: Address | null): number {
  const [epoch, role, host, port] = (started ?? "").trim().split(" ");
  if (epoch === undefined || epoch === "") return 0;
  if (role === "forced") return Number(epoch);
  const unchanged =
    role === "master" ? follows === null : follows?.host === host && String(follows?.port) === port;
  return Number(epoch) + (unchanged ? 0 : 1);
}

/**
 * Where a node's data is. With appendonly on, Redis reads the append-only files alone: a dump.rdb beside them is not
 * data (trap T1).
 */
function dataFiles(node: RedisNode): string[] {
  const value = (name: string, fallback: string) =>
    node.directives.findLast((each) => each.name === name)?.args[0] ?? fallback;
  if (!node.appendOnly) return [value("dbfilename", "dump.rdb")];
  return [value("appendfilename", "appendonly.aof"), value("appenddirname", "appendonlydir")];
}

function followed(conf: string): Address | null {
  const line = [...unquoted(conf).matchAll(/^(?:replicaof|slaveof) (\S+) (\d+)\s*$/gm)].at(-1);
  return line?.[1] === undefined ? null : { host: line[1], port: Number(line[2]) };
}

/** Redis quotes arguments that need it; names and addresses never hold a quote themselves. */
function unquoted(conf: string): string {
  return conf.replaceAll('"', "");
}
