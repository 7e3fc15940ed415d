import { chmodSync } from "node:fs";
import type { ConfChange } from "../../render/merge-conf.ts";
import { renderRedisConf } from "../../render/redis-conf.ts";
import { renderSentinelConf } from "../../render/sentinel-conf.ts";
import type { ClusterNode, SentinelNode, Topology } from "../../topology/model.ts";
import type { FirstFacts } from "../runtime.ts";
import { makeDir, readText, replaceFile } from "../state/files.ts";
import type { StatePaths } from "../state/paths.ts";
import { readPause } from "../state/pause.ts";
import {
  broughtUpToDate,
  confLine,
  pendingIn,
  withDownAfterNow,
  workingTemplate,
  type WorkingCopy,
} from "../working-text.ts";
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
  const own = [confLine("logfile", [paths.log(node.id)])];
  return workingTemplate(topology, node, rendered, own, password);
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
  return pendingIn(readCopy(node, paths), template(topology, node, paths, password));
}

/** Makes the working copy if there is none, else carries over what changed; never overwrites it. */
export function bringUpToDate(
  topology: Topology,
  node: ClusterNode,
  paths: StatePaths,
  password: string | null,
  first: FirstFacts | null,
): void {
  const copy = readCopy(node, paths);
  const next = template(topology, node, paths, password);
  const live = broughtUpToDate(topology, node, copy, next, first);
  if (live !== copy.live) install(confFile(node, paths), live);
  install(installedFile(node, paths), next);
}

/** Writes the down-after that is wanted now into the working copy of a Sentinel that is about to start. */
export function setDownAfter(topology: Topology, node: SentinelNode, paths: StatePaths, now: number): void {
  const file = confFile(node, paths);
  const conf = readText(file);
  if (conf === null) return;
  const next = withDownAfterNow(topology, conf, readPause(paths), now);
  if (next !== conf) replaceFile(file, next);
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

function readCopy(node: ClusterNode, paths: StatePaths): WorkingCopy {
  return { live: readText(confFile(node, paths)), installed: readText(installedFile(node, paths)) };
}

function install(path: string, text: string): void {
  replaceFile(path, text);
  chmodSync(path, 0o600); // an atomic write keeps the mode of the file it replaces
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
