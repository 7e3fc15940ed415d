import prettyBytes from "pretty-bytes";
import type { Finding } from "../finding.ts";
import type { RedisSeen } from "../snapshot.ts";
import { configured, nameAt, sameNode, type View } from "../view.ts";

/** A replica further behind than this would lose too much if it were promoted: bytes, seconds. */
const LAG_LIMIT = { bytes: 10e6, seconds: 10 };
/** Part of `maxmemory`. */
const MEMORY_LIMIT = 0.9;

/** Is each data node there, in its place, and able to keep its data? */
export function judgeNodes(view: View): Finding[] {
  return view.snapshot.nodes.flatMap((node) => {
    const presence = absence(view, node);
    const state = node.state === "up" ? [replication(view, node), memoryHigh(view, node)] : [];
    return [presence, ...state, saveFailing(node), aofFailing(node)].filter((finding) => finding !== null);
  });
}

/** Why a node is not `up`. A master that is down or silent is MASTER_DOWN already. */
function absence(view: View, node: RedisSeen): Finding | null {
  const isMaster = view.master?.node === node.node;
  if (node.authError) return nodeAuth(node);
  if (node.state === "loading") return nodeLoading(node, isMaster);
  if (node.state === "up") return null;
  if (node.gaveUp) return nodeGaveUp(node);
  if (isMaster) return null;
  if (node.state === "waiting") return nodeWaiting(node);
  return node.state === "unreachable" ? nodeUnreachable(node) : nodeDown(view, node);
}

function nodeAuth({ node, reason }: RedisSeen): Finding {
  return {
    code: "NODE_AUTH",
    severity: "error",
    node,
    message: `${node} rejects our password${because(reason)}`,
    action: `compare security.passwordFile in vedette.yaml with what ${node} was started with, then vedette restart ${node}`,
  };
}

function nodeLoading({ node }: RedisSeen, isMaster: boolean): Finding {
  return {
    code: "NODE_LOADING",
    severity: isMaster ? "error" : "warning",
    node,
    message: `${node} reads its data set and answers nothing else yet`,
    action: "vedette status --watch",
  };
}

function nodeGaveUp({ node, reason }: RedisSeen): Finding {
  return {
    code: "NODE_GAVE_UP",
    severity: "error",
    node,
    message: `the steward gave ${node} up after too many restarts${because(reason)}`,
    action: `vedette logs ${node}, then vedette start ${node}`,
  };
}

function nodeWaiting({ node, reason }: RedisSeen): Finding {
  return {
    code: "NODE_WAITING",
    severity: "warning",
    node,
    message: `${node} waits to be started safely${because(reason)}`,
    action: `vedette sentinel-status; if ${node} holds the data that you want and waiting will not end: vedette start ${node} --force-master`,
  };
}

function nodeUnreachable({ node, reason, pid }: RedisSeen): Finding {
  const who = pid === null ? node : `${node} (process ${pid})`;
  return {
    code: "NODE_UNREACHABLE",
    severity: "error",
    node,
    message: `${who} does not answer${because(reason)}`,
    action: `vedette logs ${node}, then vedette restart ${node}`,
  };
}

function nodeDown({ snapshot }: View, { node, reason, wanted }: RedisSeen): Finding {
  const why = wanted ? because(reason) : ": it was stopped on request";
  const restarted = wanted && snapshot.steward.running && snapshot.pause === null;
  return {
    code: "NODE_DOWN",
    severity: "warning",
    node,
    message: `${node} is not running${why}${restarted ? "; the steward restarts it" : ""}`,
    action: restarted ? `vedette logs ${node}` : wanted ? "vedette up" : `vedette start ${node}`,
  };
}

/** At most one finding a replica: the first of these explains the rest. */
function replication(view: View, node: RedisSeen): Finding | null {
  if (node.role !== "replica" || node.node === view.master?.node) return null;
  if (view.failover) return null;
  const wrong = wrongMaster(view, node);
  if (wrong !== null) return wrong;
  if (node.link === "sync") return replicaSyncing(node);
  if (!view.masterUp) return null;
  if (node.link !== "up") return linkDown(view, node);
  return replicaLags(node) ?? notPromotable(view, node);
}

function wrongMaster({ topology, snapshot: { master } }: View, node: RedisSeen): Finding | null {
  if (master === null || node.follows === null || sameNode(topology, node.follows, master)) return null;
  return {
    code: "REPLICA_WRONG_MASTER",
    severity: "warning",
    node: node.node,
    message: `${node.node} follows ${nameAt(topology, node.follows)}, expected ${nameAt(topology, master)}`,
    action: `wait for the Sentinels to redirect it (vedette status --watch), else vedette restart ${node.node}`,
  };
}

function linkDown({ master }: View, { node, lagSeconds }: RedisSeen): Finding {
  const since = lagSeconds === null ? "" : ` for ${lagSeconds} s`;
  return {
    code: "REPLICA_LINK_DOWN",
    severity: "warning",
    node,
    message: `${node} has had no link to ${master?.node ?? "its master"}${since}`,
    action: `vedette logs ${node}`,
  };
}

function replicaSyncing({ node }: RedisSeen): Finding {
  return {
    code: "REPLICA_SYNCING",
    severity: "warning",
    node,
    message: `${node} copies the data set from its master and cannot be promoted yet`,
    action: "vedette status --watch",
  };
}

function replicaLags({ node, lagBytes, lagSeconds }: RedisSeen): Finding | null {
  const bytes = lagBytes ?? 0;
  const seconds = lagSeconds ?? 0;
  if (bytes <= LAG_LIMIT.bytes && seconds <= LAG_LIMIT.seconds) return null;
  return {
    code: "REPLICA_LAGS",
    severity: "warning",
    node,
    message: `${node} is ${prettyBytes(bytes)} behind and last heard from the master ${seconds} s ago (limits: ${prettyBytes(LAG_LIMIT.bytes)}, ${LAG_LIMIT.seconds} s)`,
    action: `vedette logs ${node}`,
  };
}

/** Safe start keeps a replica at priority 0 until it has the data; then it must get its own back. */
function notPromotable(view: View, node: RedisSeen): Finding | null {
  const priority = configured(view, node.node)?.priority ?? 0;
  if (node.priority !== 0 || priority === 0) return null;
  return {
    code: "REPLICA_NOT_PROMOTABLE",
    severity: "warning",
    node: node.node,
    message: `${node.node} has synced but its replica-priority is still 0, expected ${priority}: no failover would choose it`,
    action: "vedette up",
  };
}

/** Redis refuses writes when a snapshot fails (stop-writes-on-bgsave-error). */
function saveFailing({ node, persistence }: RedisSeen): Finding | null {
  if (persistence === null || persistence.lastSaveOk) return null;
  return {
    code: "SAVE_FAILING",
    severity: "error",
    node,
    message: `the last snapshot (RDB) of ${node} failed: it may refuse writes until one succeeds`,
    action: `check free disk space and memory, then vedette logs ${node}`,
  };
}

function aofFailing({ node, persistence }: RedisSeen): Finding | null {
  if (persistence === null || !persistence.aofEnabled) return null;
  if (persistence.lastAofWriteOk && persistence.lastAofRewriteOk) return null;
  return {
    code: "AOF_FAILING",
    severity: persistence.lastAofWriteOk ? "warning" : "error",
    node,
    message: persistence.lastAofWriteOk
      ? `the last rewrite of ${node}'s append-only file failed: the file keeps growing`
      : `${node} cannot write its append-only file: it refuses writes`,
    action: `check free disk space, then vedette logs ${node}`,
  };
}

/** Of a master only, since replicas ignore maxmemory. A full cache is how a cache works: advice. */
function memoryHigh(view: View, { node, role, memoryBytes, maxMemoryBytes }: RedisSeen): Finding | null {
  if (role !== "master" || memoryBytes === null || maxMemoryBytes === null || maxMemoryBytes === 0)
    return null;
  if (memoryBytes <= MEMORY_LIMIT * maxMemoryBytes) return null;
  const evicts = evictionPolicy(view, node).startsWith("allkeys-");
  const used = `${prettyBytes(memoryBytes, { binary: true })} of ${prettyBytes(maxMemoryBytes, { binary: true })} maxmemory`;
  return {
    code: "MEMORY_HIGH",
    severity: evicts ? "info" : "warning",
    node,
    message: `${node} uses ${used}: ${evicts ? "it evicts keys to stay below" : "at the limit it may refuse writes"}`,
    action: "raise maxmemory in vedette.yaml, then vedette up",
  };
}

/** `maxmemory-policy` as configured; Redis's own default is `noeviction`. */
export function evictionPolicy(view: View, node: string): string {
  const directives = configured(view, node)?.directives ?? [];
  return directives.findLast(({ name }) => name === "maxmemory-policy")?.args[0] ?? "noeviction";
}

function because(reason: string | null): string {
  return reason === null ? "" : `: ${reason}`;
}
