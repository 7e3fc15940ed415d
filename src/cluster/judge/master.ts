import prettyMs from "pretty-ms";
import type { Finding } from "../finding.ts";
import type { RedisSeen } from "../snapshot.ts";
import { pauseSentence } from "../pause.ts";
import { configured, listed, nameAt, type View } from "../view.ts";

/** Is there one master, the one that the Sentinels name, and does it take writes? */
export function judgeMaster(view: View): Finding[] {
  return [
    noMaster(view),
    masterUnknown(view),
    masterDown(view),
    masterIsReplica(view),
    ...strayMasters(view),
    ...fencedMasters(view),
    tooFewReplicas(view),
    failoverInProgress(view),
  ].filter((finding) => finding !== null);
}

/** Too few Sentinels to name anybody is NO_QUORUM, and a failover that has not been told yet is no dispute. */
function noMaster({ topology, snapshot, reachable, failover }: View): Finding | null {
  if (snapshot.master !== null || failover || snapshot.quorum.reachable < snapshot.quorum.needed) return null;
  const opinions = reachable.map(
    ({ node, master }) => `${node} names ${master === null ? "nobody" : nameAt(topology, master)}`,
  );
  if (reachable.every(({ master }) => master === null)) return null;
  return {
    code: "NO_MASTER",
    severity: "error",
    node: null,
    message: `no majority of the Sentinels names one master: ${listed(opinions)}`,
    action: "vedette sentinel-status",
  };
}

function masterUnknown({ snapshot: { master } }: View): Finding | null {
  if (master === null || master.node !== null) return null;
  return {
    code: "MASTER_UNKNOWN",
    severity: "error",
    node: null,
    message: `the Sentinels name ${master.host}:${master.port} as master, which is no node of this topology`,
    action: "add that node to vedette.yaml, or see vedette sentinel-status for who named it",
  };
}

/** A master that rejects our password or still loads has its own finding. */
function masterDown(view: View): Finding | null {
  const { master, masterUp, failover, topology, snapshot } = view;
  if (master === null || masterUp || master.authError) return null;
  const after = prettyMs(topology.sentinel.downAfterMs);
  const { pause } = snapshot;
  const willFailOver = pause === null && snapshot.quorum.ok && topology.redis.nodes.length > 1;
  const outlook = failover
    ? "a failover is under way"
    : willFailOver
      ? `the Sentinels promote a replica once it has been silent for ${after}`
      : pause === null
        ? "no failover can happen"
        : `nobody is promoted: ${pauseSentence(pause, snapshot.observedAt)}`;
  return {
    code: "MASTER_DOWN",
    severity: "error",
    node: master.node,
    message: `the master ${master.node} ${silence(master)}; ${outlook}`,
    action:
      willFailOver || failover
        ? "vedette status --watch"
        : `vedette start ${master.node}${pause === null ? "" : ", or vedette resume"}`,
  };
}

function silence({ state, reason }: RedisSeen): string {
  const what =
    state === "waiting"
      ? "waits to be started"
      : state === "unreachable"
        ? "does not answer"
        : "is not running";
  return reason === null ? what : `${what} (${reason})`;
}

/** The node that everybody is sent to refuses writes: configurations were put back after a failover. */
function masterIsReplica({ master, topology, failover }: View): Finding | null {
  if (master === null || master.role !== "replica" || failover) return null;
  const follows = master.follows === null ? "another node" : nameAt(topology, master.follows);
  return {
    code: "MASTER_IS_REPLICA",
    severity: "error",
    node: master.node,
    message: `the Sentinels name ${master.node} as master but it is a replica of ${follows}`,
    action: `vedette restart ${master.node}`,
  };
}

/** Masters beside the named one. A fenced one takes no writes and is reported as such. */
function strayMasters(view: View): Finding[] {
  const { snapshot, master, failover } = view;
  const writable = snapshot.nodes.filter((node) => node.role === "master" && !node.fenced);
  const strays = writable.filter((node) => node.node !== master?.node);
  if (writable.length > 1) {
    const others = master !== null && strays.length < writable.length ? strays : writable;
    return others.map((node) => twoMasters(view, node, writable));
  }
  if (failover || snapshot.master === null) return [];
  return strays.map((node) => notNamed(view, node));
}

function twoMasters({ master }: View, node: RedisSeen, writable: RedisSeen[]): Finding {
  const names = listed(writable.map((each) => each.node));
  const fate =
    master === null || master.node === node.node
      ? "only one of them keeps its writes"
      : `${master.node} is the named one, so ${node.node} will be demoted and loses what it takes now`;
  return {
    code: "TWO_MASTERS",
    severity: "error",
    node: node.node,
    message: `${names} both take writes as master: ${fate}`,
    action:
      master === null || master.node === node.node
        ? "vedette sentinel-status"
        : `vedette restart ${node.node}`,
  };
}

function notNamed({ snapshot, topology }: View, node: RedisSeen): Finding {
  const named = snapshot.master === null ? "nobody" : nameAt(topology, snapshot.master);
  return {
    code: "MASTER_NOT_NAMED",
    severity: "error",
    node: node.node,
    message: `${node.node} takes writes as master but the Sentinels name ${named}: its writes will be lost`,
    action: `vedette restart ${node.node}`,
  };
}

function fencedMasters({ snapshot, master }: View): Finding[] {
  return snapshot.nodes
    .filter((node) => node.fenced)
    .map((node) => ({
      code: "MASTER_FENCED",
      severity: node.node === master?.node ? "error" : "warning",
      node: node.node,
      message: `${node.node} started as master and refuses writes until the Sentinels have confirmed it twice`,
      action: `vedette status --watch; if it stays, vedette logs ${node.node}`,
    }));
}

/** `min-replicas-to-write` unmet: the master answers NOREPLICAS to every write. */
function tooFewReplicas(view: View): Finding | null {
  const { master } = view;
  if (master === null || master.role !== "master" || master.fenced || master.connectedReplicas === null)
    return null;
  const needed = configured(view, master.node)?.minReplicas.toWrite ?? 0;
  if (master.connectedReplicas >= needed) return null;
  return {
    code: "TOO_FEW_REPLICAS",
    severity: "error",
    node: master.node,
    message: `${master.node} refuses writes: ${master.connectedReplicas} replicas are connected, min-replicas-to-write asks for ${needed}`,
    action: "vedette up",
  };
}

function failoverInProgress({ failover, reachable }: View): Finding | null {
  if (!failover) return null;
  const leaders = reachable
    .filter(({ flags }) => flags.includes("failover_in_progress"))
    .map(({ node }) => node);
  return {
    code: "FAILOVER_IN_PROGRESS",
    severity: "warning",
    node: null,
    message: `a failover is under way, led by ${listed(leaders)}`,
    action: "vedette status --watch",
  };
}
