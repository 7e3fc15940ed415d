import path from "node:path";
import { INSIDE_DATA } from "../topology/inside.ts";
import type { Directive, SentinelNode, Topology } from "../topology/model.ts";
import type { ConfLine } from "./conf-syntax.ts";
import { arrange, header, layOut, renderedPath, type RenderOptions } from "./sections.ts";

/**
 * The sentinel.conf of a Sentinel, for its first start. From then on it rewrites its own working copy, which
 * holds what it has learned and must never be replaced by this.
 */
export function renderSentinelConf(
  topology: Topology,
  node: SentinelNode,
  options: RenderOptions = {},
): string {
  const what = `${node.id}: sentinel.conf of a Sentinel of cluster ${topology.name}`;
  return layOut(
    header(topology, what, options),
    arrange(sentinelConfLines(topology, node, options), SECTIONS),
    NOTES,
  );
}

/** The same as plain directives, in the order of the file. */
export function sentinelConfLines(
  topology: Topology,
  node: SentinelNode,
  options: RenderOptions = {},
): ConfLine[] {
  const { name, sentinel } = topology;
  const [master] = topology.redis.nodes;
  const of = (predicate: (directive: Directive) => boolean): ConfLine[] =>
    node.directives.filter(predicate).map((directive) => ({ name: directive.name, args: directive.args }));
  const setting = (key: string, value: number): ConfLine => ({
    name: "sentinel",
    args: [key, name, String(value)],
  });
  return [
    ...of((directive) => directive.name === "include"),
    { name: "bind", args: node.bind },
    { name: "port", args: [String(node.port)] },
    { name: "daemonize", args: ["no"] },
    { name: "dir", args: [workingDir(topology, node, options)] },
    ...of((directive) => directive.name !== "sentinel" && directive.name !== "include"),
    ...of((directive) => directive.name === "sentinel" && !aboutMaster(directive, name)),
    ...announcement(node),
    { name: "sentinel", args: ["monitor", name, master.host, String(master.port), String(sentinel.quorum)] },
    setting("down-after-milliseconds", sentinel.startDownAfterMs),
    setting("failover-timeout", sentinel.failoverTimeoutMs),
    setting("parallel-syncs", sentinel.parallelSyncs),
    ...of((directive) => directive.name === "sentinel" && aboutMaster(directive, name)),
  ];
}

function workingDir(topology: Topology, node: SentinelNode, options: RenderOptions): string {
  if (options.paths === "container") return INSIDE_DATA;
  return renderedPath(topology, sentinelDir(topology, node), options);
}

/** A Sentinel's working directory. */
export function sentinelDir(topology: Topology, node: SentinelNode): string {
  return path.join(topology.stateDir, "sentinel", node.id);
}

/** `sentinel KEY <master> …` can only follow `sentinel monitor <master>`. */
function aboutMaster(directive: Directive, master: string): boolean {
  return directive.args.length > 2 && directive.args[1] === master;
}

function announcement(node: SentinelNode): ConfLine[] {
  if (!node.announced) return [];
  return [
    { name: "sentinel", args: ["announce-ip", node.host] },
    { name: "sentinel", args: ["announce-port", String(node.port)] },
  ];
}

const SECTIONS = [
  ["included files", "include"],
  ["network", "bind port protected-mode"],
  ["process", "daemonize dir loglevel"],
  ["other directives of the topology file", ""],
  ["what it watches", "sentinel"],
] as const;

const NOTES: Record<string, string> = {
  daemonize: "Vedette starts and supervises the process.",
  "sentinel deny-scripts-reconfig": "Nobody sets a script to run through the network.",
  "sentinel resolve-hostnames": "Host names are used for nodes.",
  "sentinel monitor":
    "The initial master, and how many Sentinels must find it down before a failover starts.",
  "sentinel down-after-milliseconds": "Silence after which this Sentinel takes a node for down.",
  "sentinel failover-timeout":
    "Bounds each phase of a failover; after a failed attempt the next one waits twice as long.",
  "sentinel parallel-syncs": "Replicas that follow a new master at the same time.",
};
