import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Address } from "../../cluster/snapshot.ts";
import type { RedisNode, SentinelNode, Topology } from "../../topology/model.ts";
import type { Positions, Records, RedisRecord, SentinelRecord } from "../records.ts";
import { readJson, readText } from "./files.ts";
import type { StatePaths } from "./paths.ts";
import { confFile } from "./start-env.ts";

/** Reads what every node and Sentinel of this machine has written down of itself. */
export function readRecords(topology: Topology, paths: StatePaths): Records {
  return {
    redis: topology.redis.nodes.map((node) => redisRecord(node, paths)),
    sentinels: topology.sentinel.nodes.map((node) => sentinelRecord(topology.name, node, paths)),
    positions: readPositions(paths),
  };
}

export function readPositions(paths: StatePaths): Positions | null {
  const value = readJson(paths.positions);
  return isPositions(value) ? value : null;
}

function redisRecord(node: RedisNode, paths: StatePaths): RedisRecord {
  const conf = readText(confFile(node, paths));
  const follows = conf === null ? null : followed(conf);
  return {
    node: node.id,
    known: conf !== null,
    follows,
    hasData: hasData(node),
    dataId: readText(join(node.dataDir, "vedette-data-id"))?.trim() ?? null,
    epoch: livedEpoch(readText(join(paths.redis(node.id), "started")), follows),
  };
}

function sentinelRecord(name: string, node: SentinelNode, paths: StatePaths): SentinelRecord {
  const conf = readText(confFile(node, paths));
  const monitor = /^sentinel monitor (\S+) (\S+) (\d+) \d+/m.exec(unquoted(conf ?? ""));
  const epoch = /^sentinel config-epoch \S+ (\d+)/m.exec(unquoted(conf ?? ""));
  const host = monitor?.[2];
  return {
    node: node.id,
    known: conf !== null,
    master: monitor?.[1] === name && host !== undefined ? { host, port: Number(monitor[3]) } : null,
    epoch: Number(epoch?.[1] ?? 0),
  };
}

function followed(conf: string): Address | null {
  const line = [...unquoted(conf).matchAll(/^(?:replicaof|slaveof) (\S+) (\d+)\s*$/gm)].at(-1);
  return line?.[1] === undefined ? null : { host: line[1], port: Number(line[2]) };
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

/** With appendonly on, Redis reads the append-only files alone: a dump.rdb beside them is not data (trap T1). */
function hasData(node: RedisNode): boolean {
  const value = (name: string, fallback: string) =>
    node.directives.findLast((each) => each.name === name)?.args[0] ?? fallback;
  if (!node.appendOnly) return sizeOf(join(node.dataDir, value("dbfilename", "dump.rdb"))) > 0;
  return (
    sizeOf(join(node.dataDir, value("appendfilename", "appendonly.aof"))) > 0 ||
    entries(join(node.dataDir, value("appenddirname", "appendonlydir"))) > 0
  );
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function entries(dir: string): number {
  try {
    return readdirSync(dir).length;
  } catch {
    return 0;
  }
}

/** Redis quotes arguments that need it; names and addresses never hold a quote themselves. */
function unquoted(conf: string): string {
  return conf.replaceAll('"', "");
}

function isPositions(value: unknown): value is Positions {
  return (
    typeof value === "object" &&
    value !== null &&
    "nodes" in value &&
    typeof value.nodes === "object" &&
    value.nodes !== null &&
    "epoch" in value &&
    typeof value.epoch === "number" &&
    "master" in value
  );
}
