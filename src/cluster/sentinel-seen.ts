import { parseInfo, sentinelInfo, serverInfo } from "../redis/info.ts";
import type { RedisError } from "../redis/redis-error.ts";
import {
  parseAddress,
  parseMaster,
  parsePeers,
  parsePeriods,
  parseQuorum,
  parseReplicas,
} from "../redis/sentinel-replies.ts";
import { nodeAt, type SentinelNode, type Topology } from "../topology/model.ts";
import type { Heard } from "./ask.ts";
import type { NodeProcess, SentinelSeen } from "./snapshot.ts";

/** Joins what a Sentinel said (the replies to `sentinelQuestions`, in their order) with its process. */
export function sentinelSeen(
  topology: Topology,
  node: SentinelNode,
  process: NodeProcess,
  heard: Heard,
): SentinelSeen {
  if ("error" in heard) return silent(node, process, heard.error);
  const [text, address, entry, replicas, peers, ckquorum, debug] = heard.replies;
  const info = parseInfo(typeof text === "string" ? text : "");
  const server = serverInfo(info);
  const said = parseMaster(entry);
  // Not the entry's own address: during a failover clients are told the promoted replica already.
  const master = parseAddress(address);
  const masterNode = master === null ? null : nodeAt(topology, master.host, master.port);
  const quorum = parseQuorum(ckquorum);
  return {
    node: node.id,
    host: node.host,
    port: node.port,
    up: true,
    reason: null,
    authError: false,
    master,
    masterNode: masterNode?.kind === "redis" ? masterNode.id : null,
    epoch: said?.configEpoch ?? null,
    flags: said?.flags ?? [],
    quorumOk: quorum.ok,
    quorumMessage: quorum.message,
    tilt: sentinelInfo(info).tilt === true,
    replicas: parseReplicas(replicas).map(({ host, port, flags, linkUp, priority, offset, runId }) => ({
      host,
      port,
      flags,
      linkUp,
      // Sentinel assumes 100 until it has read the replica's INFO (SENTINEL_DEFAULT_SLAVE_PRIORITY).
      priority: priority ?? 100,
      offset,
      runId,
    })),
    otherSentinels: said?.otherSentinels ?? parsePeers(peers).length,
    peers: parsePeers(peers).map(({ host, port }) => ({ host, port })),
    silentMs: said?.silentMs ?? null,
    downAfterMs: said?.downAfterMs ?? null,
    periods: parsePeriods(debug),
    runId: server.runId,
    version: server.version,
    uptimeSeconds: server.uptimeSeconds,
    pid: server.pid ?? process.pid,
    gaveUp: process.gaveUp,
    wanted: process.wanted,
  };
}

function silent(node: SentinelNode, process: NodeProcess, error: RedisError): SentinelSeen {
  const absent = process.state === "stopped" && error.kind === "refused";
  return {
    node: node.id,
    host: node.host,
    port: node.port,
    up: false,
    reason: absent || process.state === "waiting" ? process.reason : error.message,
    authError: error.kind === "auth",
    master: null,
    masterNode: null,
    epoch: null,
    flags: [],
    quorumOk: null,
    quorumMessage: null,
    tilt: false,
    replicas: [],
    otherSentinels: null,
    peers: [],
    silentMs: null,
    downAfterMs: null,
    periods: null,
    runId: null,
    version: null,
    uptimeSeconds: null,
    pid: process.pid,
    gaveUp: process.gaveUp,
    wanted: process.wanted,
  };
}
