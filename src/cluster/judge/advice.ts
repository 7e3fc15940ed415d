import type { Finding } from "../finding.ts";
import type { RedisNode } from "../../topology/model.ts";
import { pauseSentence } from "../pause.ts";
import { listed, type View } from "../view.ts";
import { evictionPolicy } from "./nodes.ts";

/** What is as configured and still worth knowing. Only the steward and a mix of versions are more than advice. */
export function judgeCluster(view: View): Finding[] {
  return [
    stewardDown(view),
    paused(view),
    versionMix(view),
    oneHost(view),
    fewSentinels(view),
    noReplicas(view),
    eviction(view),
    persistenceOff(view),
  ].filter((finding) => finding !== null);
}

function stewardDown({ snapshot }: View): Finding | null {
  if (snapshot.steward.running) return null;
  return {
    code: "STEWARD_DOWN",
    severity: "warning",
    node: null,
    message:
      "the steward is not running: nobody restarts a node that dies, and failover takes Sentinel's own pace",
    action: "vedette up",
  };
}

/** Somebody asked for it and it ends by itself: no reason to fail a health check in the middle of maintenance. */
function paused({ snapshot: { pause, observedAt } }: View): Finding | null {
  if (pause === null) return null;
  return {
    code: "PAUSED",
    severity: "info",
    node: null,
    message: `${pauseSentence(pause, observedAt)}; until then nobody is promoted and nothing is restarted`,
    action: "vedette resume, as soon as you are done",
  };
}

/** A replica that is older than its master may not be able to read what it sends. */
function versionMix({ snapshot }: View): Finding | null {
  const byVersion = new Map<string, string[]>();
  for (const { node, version } of snapshot.nodes) {
    if (version !== null) byVersion.set(version, [...(byVersion.get(version) ?? []), node]);
  }
  if (byVersion.size < 2) return null;
  const groups = [...byVersion].map(([version, nodes]) => `${version} on ${listed(nodes)}`);
  return {
    code: "VERSION_MIX",
    severity: "warning",
    node: null,
    message: `the nodes run different versions: ${groups.join("; ")}`,
    action: "upgrade the replicas first, then move the master and upgrade the old one",
  };
}

function oneHost({ topology }: View): Finding | null {
  const [first, ...others] = topology.redis.nodes;
  if (others.length === 0 || others.some((node) => node.host !== first.host)) return null;
  return {
    code: "ONE_HOST",
    severity: "info",
    node: null,
    message: `all nodes are on ${first.host}: the cluster survives the death of processes, not of the machine`,
    action: "for more, put replicas and Sentinels on other machines",
  };
}

function fewSentinels({ topology }: View): Finding | null {
  const count = topology.sentinel.nodes.length;
  if (count >= 3) return null;
  return {
    code: "FEW_SENTINELS",
    severity: "info",
    node: null,
    message: `with ${count} Sentinel${count > 1 ? "s" : ""} the loss of one ends failover: three are the least that survive it`,
    action: "set sentinel.count to 3 in vedette.yaml, then vedette up",
  };
}

function noReplicas({ topology }: View): Finding | null {
  if (topology.redis.nodes.length > 1) return null;
  return {
    code: "NO_REPLICAS",
    severity: "info",
    node: null,
    message: "there is no replica: when the master dies nobody can take over",
    action: "set redis.replicas in vedette.yaml, then vedette up",
  };
}

function eviction(view: View): Finding | null {
  const evicting = view.topology.redis.nodes.filter((node) =>
    evictionPolicy(view, node.id).startsWith("allkeys-"),
  );
  const [first] = evicting;
  if (first === undefined) return null;
  const evicted = view.master?.evictedKeys ?? 0;
  return {
    code: "EVICTION",
    severity: "info",
    node: null,
    message: `maxmemory-policy ${evictionPolicy(view, first.id)} drops any key without an error when memory is full (${evicted} so far)`,
    action: "right for a cache; for data you must keep set profile: store in vedette.yaml",
  };
}

function persistenceOff({ topology }: View): Finding | null {
  const off = topology.redis.nodes.filter(keepsNothing).map((node) => node.id);
  if (off.length === 0) return null;
  return {
    code: "PERSISTENCE_OFF",
    severity: "info",
    node: null,
    message: `${listed(off)} keep${off.length > 1 ? "" : "s"} nothing on disk: data lives only as long as the processes do`,
    action: "right for a cache; else set appendonly yes in vedette.yaml, then vedette up",
  };
}

/** Without `save` lines Redis takes snapshots by default; `save ""` turns them off. */
function keepsNothing({ appendOnly, directives }: RedisNode): boolean {
  const saves = directives.filter(({ name }) => name === "save");
  return !appendOnly && saves.length > 0 && saves.every(({ args }) => args.every((arg) => arg === ""));
}
