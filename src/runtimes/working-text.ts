import { VedetteError } from "../errors.ts";
import { formatLine } from "../render/conf-syntax.ts";
import { downAfterNow, withDownAfter } from "../render/down-after.ts";
import { applyChanges, confChanges, type ConfChange } from "../render/merge-conf.ts";
import type { ClusterNode, Topology } from "../topology/model.ts";
import type { FirstFacts, PauseRecord } from "./runtime.ts";

/** A node's own configuration, which Redis or Sentinel rewrites, and the template that was last carried over to it. */
export interface WorkingCopy {
  live: string | null;
  installed: string | null;
}

/** A rendered configuration with what only the runtime knows: its own lines, and the password. */
export function workingTemplate(
  topology: Topology,
  node: ClusterNode,
  rendered: string,
  own: readonly string[],
  password: string | null,
): string {
  const lines = password === null ? own : [...own, ...authLines(topology, node, password)];
  return lines.length === 0 ? rendered : `${rendered}\n# Added by the runtime.\n${lines.join("\n")}\n`;
}

/** Every node gets both directives: the first master cannot rejoin as a replica without masterauth. */
function authLines(topology: Topology, node: ClusterNode, password: string): string[] {
  if (node.kind === "redis") return [confLine("requirepass", [password]), confLine("masterauth", [password])];
  return [
    confLine("requirepass", [password]),
    confLine("sentinel", ["sentinel-pass", password]),
    confLine("sentinel", ["auth-pass", topology.name, password]),
  ];
}

/** What `template` changes since it was last carried over. Empty without a copy. */
export function pendingIn({ live, installed }: WorkingCopy, template: string): ConfChange[] {
  return live === null || installed === null ? [] : confChanges(installed, template);
}

/**
 * Makes the working copy if there is none, else carries over what changed; never overwrites what its owner wrote.
 *
 * @throws VedetteError when there is none and nobody says where to start from
 */
export function broughtUpToDate(
  topology: Topology,
  node: ClusterNode,
  copy: WorkingCopy,
  template: string,
  first: FirstFacts | null,
): string {
  if (copy.live !== null) {
    const changes = pendingIn(copy, template);
    return changes.length === 0 ? copy.live : applyChanges(copy.live, changes);
  }
  if (first === null) throw missingCopy(node);
  return startingCopy(topology, node, template, first);
}

/**
 * A Sentinel's copy with the down-after that is wanted now: it may have been down when a pause began or ended, or the
 * topology's own value was changed by hand.
 */
export function withDownAfterNow(
  topology: Topology,
  conf: string,
  pause: PauseRecord | null,
  now: number,
): string {
  return withDownAfter(conf, topology.name, downAfterNow(topology.sentinel.startDownAfterMs, pause, now));
}

function startingCopy(topology: Topology, node: ClusterNode, text: string, first: FirstFacts): string {
  const { host, port } = first.master;
  const isMaster = node.host === host && node.port === port;
  if (node.kind === "redis") {
    const withoutMaster = text.replace(/^(replicaof|slaveof) .*\n/gm, "");
    return isMaster ? withoutMaster : `${withoutMaster}${confLine("replicaof", [host, String(port)])}\n`;
  }
  const monitor = confLine("sentinel", [
    "monitor",
    topology.name,
    host,
    String(port),
    String(topology.sentinel.quorum),
  ]);
  const epochs =
    first.epoch > 0
      ? [
          confLine("sentinel", ["config-epoch", topology.name, String(first.epoch)]),
          confLine("sentinel", ["leader-epoch", topology.name, String(first.epoch)]),
          confLine("sentinel", ["current-epoch", String(first.epoch)]),
        ]
      : [];
  return `${text.replace(/^sentinel monitor .*$/m, () => monitor)}${epochs.join("\n")}\n`;
}

export function confLine(name: string, args: string[]): string {
  return formatLine({ name, args });
}

function missingCopy(node: ClusterNode): VedetteError {
  return new VedetteError(`starting ${node.id}: it has no configuration in the state directory yet`, {
    next: "type `vedette up`, which looks at every node's records before it makes one",
  });
}
