import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import type { NodeId, RedisNode, SentinelNode, Topology } from "../../topology/model.ts";
import { redisRecord, sentinelRecord } from "../read-records.ts";
import type { Records, RedisRecord, SentinelRecord } from "../records.ts";
import { readText } from "../state/files.ts";
import type { StatePaths } from "../state/paths.ts";
import { readPositions } from "../state/positions.ts";
import { confFile } from "./start-env.ts";

/** Reads what every node and Sentinel of this machine has written down of itself. */
export function readRecords(topology: Topology, paths: StatePaths): Records {
  return {
    redis: topology.redis.nodes.map((node) => ofRedis(node, paths)),
    sentinels: topology.sentinel.nodes.map((node) => ofSentinel(topology.name, node, paths)),
    positions: readPositions(paths),
  };
}

/** The names of the data sets that Redis nodes hold. */
export function readDataSets(topology: Topology): Map<NodeId, string | null> {
  return new Map(topology.redis.nodes.map((node) => [node.id, dataIdOf(node)?.trim() ?? null]));
}

function dataIdOf({ dataDir }: RedisNode): string | null {
  return readText(join(dataDir, "vedette-data-id"));
}

function ofRedis(node: RedisNode, paths: StatePaths): RedisRecord {
  return redisRecord(node, {
    conf: readText(confFile(node, paths)),
    started: readText(join(paths.redis(node.id), "started")),
    dataId: dataIdOf(node),
    size: (name) => sizeOf(join(node.dataDir, name)),
  });
}

function ofSentinel(name: string, node: SentinelNode, paths: StatePaths): SentinelRecord {
  return sentinelRecord(node.id, name, readText(confFile(node, paths)));
}

function sizeOf(path: string): number {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() ? readdirSync(path).length : (stat?.size ?? 0);
}
