import type { NodeProcess } from "../../cluster/snapshot.ts";
import type { NodeId } from "../../topology/model.ts";
import type { Supervision } from "../state/supervision.ts";
import type { Container } from "./containers.ts";
import { endingText } from "./container-table.ts";

/**
 * What is known of a node's process without asking Redis.
 *
 * @param waits what its start script says it waits for, also long after it has ended
 * @param ending how its last process ended, if that was seen
 */
export function processOf(
  node: NodeId,
  container: Container | null,
  waits: string | null,
  ending: string | null,
  { wanted, supervision }: { wanted: Record<NodeId, boolean>; supervision: Supervision },
): NodeProcess {
  const pid = container?.pid ?? null;
  const noted = supervision[node];
  return {
    node,
    state: pid === null ? "stopped" : waits === null ? "running" : "waiting",
    pid,
    startedAt: container?.startedAt ?? null,
    reason: pid === null ? (noted?.reason ?? whyStopped(container, ending)) : (waits?.trim() ?? null),
    wanted: wanted[node] === true,
    gaveUp: pid === null && noted?.gaveUp === true,
  };
}

function whyStopped(container: Container | null, ending: string | null): string | null {
  if (container === null) return "it has no container";
  if (container.oomKilled) return "killed by the kernel: out of memory";
  const how = ending ?? (container.exitCode === null ? null : endingText(container.exitCode));
  if (container.state === "restarting")
    return `Docker restarts it again and again: ${how ?? "it ends at once"}`;
  return container.state === "created" ? null : how;
}
