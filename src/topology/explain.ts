import { isSensitive } from "./owned-directives.ts";
import type { ClusterNode, Directive, Origin, ResolvedTopology, Topology } from "./model.ts";
import { formatDuration, formatSize } from "./units.ts";

/** One line of `vedette config show`. */
export interface ConfigRow {
  /** As it would be written in the file: `redis.config.maxmemory`. */
  key: string;
  value: string;
  /** Where the value came from, in words. */
  origin: string;
}

/** Every effective value with its origin. Passwords never appear: Vedette knows only the path of their file. */
export function explainTopology(resolved: ResolvedTopology): ConfigRow[] {
  const { topology } = resolved;
  return [
    ...settings(topology).map(([key, value]) => {
      return {
        key,
        value,
        origin: describeOrigin(resolved.origins.get(key) ?? { from: "default" }, topology),
      };
    }),
    ...directiveRows(topology, topology.redis.nodes, "redis"),
    ...nodeRows(resolved, topology.redis.nodes),
    ...directiveRows(topology, topology.sentinel.nodes, "sentinel"),
    ...nodeRows(resolved, topology.sentinel.nodes),
  ];
}

/** `default`, `profile store`, `vedette.yaml:12:3`, … */
export function describeOrigin(origin: Origin, topology: Topology): string {
  switch (origin.from) {
    case "default":
      return "default";
    case "size":
    case "profile":
    case "failover":
    case "durability":
      return `${origin.from} ${origin.name}`;
    case "derived":
      return `derived: ${origin.why}`;
    case "file":
      break;
  }
  return `${fileName(topology)}:${origin.line}:${origin.column}`;
}

function fileName(topology: Topology): string {
  return topology.file?.split("/").at(-1) ?? "vedette.yaml";
}

function settings(topology: Topology): [key: string, value: string][] {
  const { sentinel, supervise, logs, slo } = topology;
  const { ping, info, ask, publish, tilt } = sentinel.periods;
  return [
    ["name", topology.name],
    ["runtime", topology.runtime],
    ...dockerSettings(topology),
    ["production", String(topology.production)],
    ["failover", topology.failover.profile],
    ["fastFailover", topology.failover.fast ? "on" : "off"],
    ["spreadDecision", topology.failover.spread ? "on" : "off"],
    ["durability", topology.durability],
    ["stateDir", topology.stateDir],
    ["backupDir", topology.backupDir],
    ["security.passwordFile", topology.security.passwordFile ?? "none"],
    ["supervise.restarts", String(supervise.restarts)],
    ["supervise.window", formatDuration(supervise.windowMs)],
    ["logs.maxSize", formatSize(logs.maxBytes)],
    ["logs.keep", String(logs.keep)],
    ["slo.writeGap", formatDuration(slo.writeGapMs)],
    ["slo.lostWrites", String(slo.lostWrites)],
    ["redis.replicas", String(topology.redis.nodes.length - 1)],
    ["sentinel.count", String(sentinel.nodes.length)],
    ["sentinel.quorum", String(sentinel.quorum)],
    ["sentinel.downAfter", formatDuration(sentinel.downAfterMs)],
    ["sentinel.failoverTimeout", formatDuration(sentinel.failoverTimeoutMs)],
    ["sentinel.parallelSyncs", String(sentinel.parallelSyncs)],
    ["sentinel.periods.ping", formatDuration(ping)],
    ["sentinel.periods.info", formatDuration(info)],
    ["sentinel.periods.ask", formatDuration(ask)],
    ["sentinel.periods.publish", formatDuration(publish)],
    ["sentinel.periods.tilt", formatDuration(tilt)],
  ];
}

function dockerSettings({ runtime, docker }: Topology): [key: string, value: string][] {
  if (runtime !== "docker") return [];
  return [
    ["docker.network", docker.network],
    ["docker.subnet", docker.subnet],
    ["docker.engine", docker.engine],
    ["docker.images.redis", docker.images.redis],
    ["docker.memory", docker.memoryBytes === null ? "by maxmemory" : formatSize(docker.memoryBytes)],
    ["docker.cpus", docker.cpus === null ? "all" : String(docker.cpus)],
  ];
}

/** Directives once for all nodes where they agree, and per node where they differ. */
function directiveRows(
  topology: Topology,
  nodes: readonly ClusterNode[],
  kind: "redis" | "sentinel",
): ConfigRow[] {
  const perNode = nodes.map((node) => ({ node, grouped: groupDirectives(node.directives, topology.name) }));
  const names = new Set(perNode.flatMap(({ grouped }) => [...grouped.keys()]));
  return [...names].flatMap((name) => {
    const values = perNode.map(({ node, grouped }) => ({ node, group: grouped.get(name) ?? null }));
    const [first] = values;
    const same = first?.group != null && values.every(({ group }) => group?.value === first.group?.value);
    if (same && first.group !== null) return [row(`${kind}.config.${name}`, first.group, topology)];
    return values.flatMap(({ node, group }) =>
      group === null ? [] : [row(`${kind}.nodes.${node.id}.config.${name}`, group, topology)],
    );
  });
}

interface Group {
  value: string;
  origin: Origin;
}

function row(key: string, group: Group, topology: Topology): ConfigRow {
  return { key, value: group.value, origin: describeOrigin(group.origin, topology) };
}

function groupDirectives(directives: readonly Directive[], master: string): Map<string, Group> {
  const groups = new Map<string, Group>();
  for (const directive of directives) {
    const { name, args } = configKey(directive, master);
    const value = isSensitive(name) ? "(hidden)" : args.map((arg) => (arg === "" ? '""' : arg)).join(" ");
    const before = groups.get(name);
    groups.set(name, {
      value: before === undefined ? value : `${before.value}, ${value}`,
      origin: directive.origin,
    });
  }
  return groups;
}

/** `sentinel notification-script mymaster /path` is written `notification-script: /path`. */
function configKey({ name, args }: Directive, master: string): { name: string; args: string[] } {
  const [key, ...rest] = args;
  if (name !== "sentinel" || key === undefined) return { name, args };
  return { name: key, args: rest[0] === master ? rest.slice(1) : rest };
}

function nodeRows(resolved: ResolvedTopology, nodes: readonly ClusterNode[]): ConfigRow[] {
  const { topology, origins } = resolved;
  return nodes.flatMap((node) => {
    const key = `${node.kind}.nodes.${node.id}`;
    const values: [string, string][] = [
      ["bind", node.bind.join(" ")],
      ["port", String(node.port)],
      ...(node.announced ? [["announce", node.host] satisfies [string, string]] : []),
      ...(node.kind === "redis" ? [["dataDir", node.dataDir] satisfies [string, string]] : []),
    ];
    return values.map(([setting, value]) => {
      const derived: Origin = { from: "derived", why: "nodes are on different addresses" };
      const fallback: Origin = setting === "announce" ? derived : { from: "default" };
      const origin = origins.get(`${key}.${setting}`) ?? fallback;
      return { key: `${key}.${setting}`, value, origin: describeOrigin(origin, topology) };
    });
  });
}
