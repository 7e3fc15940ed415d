import { chmodSync } from "node:fs";
import { VedetteError } from "../../errors.ts";
import { applyChanges, confChanges, type ConfChange } from "../../render/merge-conf.ts";
import { renderRedisConf } from "../../render/redis-conf.ts";
import { renderSentinelConf } from "../../render/sentinel-conf.ts";
import { formatLine } from "../../render/conf-syntax.ts";
import type { ClusterNode, Topology } from "../../topology/model.ts";
import type { FirstFacts } from "../runtime.ts";
import { makeDir, readText, replaceFile } from "./files.ts";
import type { StatePaths } from "./paths.ts";
import { confFile } from "./start-env.ts";

/** The template of a working copy: the rendered configuration plus what only this machine knows. */
export function template(
  topology: Topology,
  node: ClusterNode,
  paths: StatePaths,
  password: string | null,
): string {
  const rendered =
    node.kind === "redis"
      ? renderRedisConf(topology, node, { paths: "absolute" })
      : renderSentinelConf(topology, node, { paths: "absolute" });
  const own = [line("logfile", [paths.log(node.id)])];
  if (password !== null) own.push(...authLines(topology, node, password));
  return `${rendered}\n# Added by the runtime.\n${own.join("\n")}\n`;
}

/** Every node gets both directives: the first master cannot rejoin as a replica without masterauth. */
function authLines(topology: Topology, node: ClusterNode, password: string): string[] {
  if (node.kind === "redis") return [line("requirepass", [password]), line("masterauth", [password])];
  return [
    line("requirepass", [password]),
    line("sentinel", ["sentinel-pass", password]),
    line("sentinel", ["auth-pass", topology.name, password]),
  ];
}

/** True when the node has a working copy, that is, when it was prepared before and Redis may have rewritten it. */
export function hasWorkingCopy(node: ClusterNode, paths: StatePaths): boolean {
  return readText(confFile(node, paths)) !== null;
}

/** What the topology changed since the node's copy was last brought up to date. Empty without a copy. */
export function pendingChanges(
  topology: Topology,
  node: ClusterNode,
  paths: StatePaths,
  password: string | null,
): ConfChange[] {
  const installed = readText(installedFile(node, paths));
  if (installed === null || !hasWorkingCopy(node, paths)) return [];
  return confChanges(installed, template(topology, node, paths, password));
}

/** Makes the working copy if there is none, else carries over what changed; never overwrites it. */
export function bringUpToDate(
  topology: Topology,
  node: ClusterNode,
  paths: StatePaths,
  password: string | null,
  first: FirstFacts | null,
): void {
  const next = template(topology, node, paths, password);
  const live = readText(confFile(node, paths));
  if (live === null) {
    if (first === null) throw missingCopy(node);
    install(confFile(node, paths), startingCopy(topology, node, next, first));
  } else {
    const changes = pendingChanges(topology, node, paths, password);
    if (changes.length > 0) install(confFile(node, paths), applyChanges(live, changes));
  }
  install(installedFile(node, paths), next);
}

/** Notes that `changes` are in force (set on the running server), so that they are not carried over again. */
export function markUpToDate(
  topology: Topology,
  node: ClusterNode,
  paths: StatePaths,
  password: string | null,
): void {
  install(installedFile(node, paths), template(topology, node, paths, password));
}

function install(path: string, text: string): void {
  replaceFile(path, text);
  chmodSync(path, 0o600); // an atomic write keeps the mode of the file it replaces
}

function startingCopy(topology: Topology, node: ClusterNode, text: string, first: FirstFacts): string {
  const { host, port } = first.master;
  const isMaster = node.host === host && node.port === port;
  if (node.kind === "redis") {
    const withoutMaster = text.replace(/^(replicaof|slaveof) .*\n/gm, "");
    return isMaster ? withoutMaster : `${withoutMaster}${line("replicaof", [host, String(port)])}\n`;
  }
  const monitor = line("sentinel", [
    "monitor",
    topology.name,
    host,
    String(port),
    String(topology.sentinel.quorum),
  ]);
  const epochs =
    first.epoch > 0
      ? [
          line("sentinel", ["config-epoch", topology.name, String(first.epoch)]),
          line("sentinel", ["leader-epoch", topology.name, String(first.epoch)]),
          line("sentinel", ["current-epoch", String(first.epoch)]),
        ]
      : [];
  return `${text.replace(/^sentinel monitor .*$/m, () => monitor)}${epochs.join("\n")}\n`;
}

function line(name: string, args: string[]): string {
  return formatLine({ name, args });
}

function installedFile(node: ClusterNode, paths: StatePaths): string {
  return `${confFile(node, paths)}.rendered`;
}

export function makeNodeDirs(node: ClusterNode, paths: StatePaths): void {
  makeDir(node.kind === "redis" ? paths.redis(node.id) : paths.sentinel(node.id));
  if (node.kind === "redis") makeDir(node.dataDir);
  makeDir(paths.logs);
  makeDir(paths.run);
}

function missingCopy(node: ClusterNode): VedetteError {
  return new VedetteError(`starting ${node.id}: it has no configuration in the state directory yet`, {
    next: "type `vedette up`, which looks at every node's records before it makes one",
  });
}
