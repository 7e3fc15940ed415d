import { existsSync, readdirSync, statSync } from "node:fs";
import type { NodeProcess } from "../../cluster/snapshot.ts";
import type { ClusterNode, NodeId } from "../../topology/model.ts";
import { readText } from "../state/files.ts";
import { isAlive, type ProcessIdentity } from "../state/identity.ts";
import type { StatePaths } from "../state/paths.ts";
import type { Supervision } from "../state/supervision.ts";

/** Processes that were alive when last asked, by pid file: it cannot change while its process lives. */
const lastSeen = new Map<string, ProcessIdentity>();

/** The process that a node's pid file names, if it is alive and the same one. */
export function livingProcess(node: NodeId, paths: StatePaths): ProcessIdentity | null {
  const file = paths.pid(node);
  const known = lastSeen.get(file);
  if (known !== undefined && isAlive(known)) return known;
  const [pid, start, boot] = (readText(file) ?? "").trim().split(" ");
  const identity = { pid: Number(pid), start: start ?? "", boot: boot ?? "" };
  if (!Number.isInteger(identity.pid) || identity.pid <= 1 || !isAlive(identity)) {
    lastSeen.delete(file);
    return null;
  }
  lastSeen.set(file, identity);
  return identity;
}

/** The nodes that have a pid file, whether the topology still names them or not. */
export function pidFiles(paths: StatePaths): NodeId[] {
  if (!existsSync(paths.run)) return [];
  return readdirSync(paths.run).flatMap((name) =>
    name.endsWith(".pid") ? [name.slice(0, -".pid".length)] : [],
  );
}

/** What is known of a node's process without asking Redis. */
export function processOf(
  node: ClusterNode,
  paths: StatePaths,
  wanted: Record<NodeId, boolean>,
  supervision: Supervision,
): NodeProcess {
  const process = livingProcess(node.id, paths);
  const waiting = process === null ? null : readText(paths.wait(node.id));
  const noted = supervision[node.id];
  return {
    node: node.id,
    state: process === null ? "stopped" : waiting === null ? "running" : "waiting",
    pid: process?.pid ?? null,
    startedAt: process === null ? null : modified(paths.pid(node.id)),
    reason: waiting?.trim() ?? noted?.reason ?? null,
    wanted: wanted[node.id] === true,
    gaveUp: process === null && noted?.gaveUp === true,
  };
}

function modified(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? null;
}
