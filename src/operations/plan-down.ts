import type { Snapshot } from "../cluster/snapshot.ts";
import type { NodeId, RedisNode, Topology } from "../topology/model.ts";
import type { Step } from "./steps.ts";

/** A node may take this long to save and end before it is killed: ms. */
export const STOP_DEADLINE_MS = 60_000;

/**
 * The steps from a running cluster to none, with all data kept.
 *
 * Sentinels go first: while they watch, the end of the master would look like a failure and they would fail over
 * in the middle of its save. Then the master, while its replicas are still there: Redis waits at SHUTDOWN until
 * they have everything (shutdown-timeout), so they hold the same data. `strangers` are nodes that run although the
 * topology has dropped them.
 */
export function planDown(
  topology: Topology,
  snapshot: Snapshot,
  strangers: NodeId[],
  force: boolean,
): Step[] {
  const mode = force ? "kill" : "graceful";
  const stop = (node: NodeId): Step => ({ do: "stop", node, mode, deadlineMs: STOP_DEADLINE_MS });
  const alive = new Set(
    [...snapshot.nodes, ...snapshot.sentinels].filter((each) => each.pid !== null).map((each) => each.node),
  );
  const masters = snapshot.nodes.filter((each) => each.role === "master").map((each) => each.node);
  const redis = [...topology.redis.nodes]
    .sort((a, b) => Number(masters.includes(b.id)) - Number(masters.includes(a.id)))
    .filter((node) => alive.has(node.id));
  const sentinels = topology.sentinel.nodes.filter((node) => alive.has(node.id));
  return [
    {
      do: "want",
      nodes: [...topology.sentinel.nodes, ...topology.redis.nodes].map((node) => node.id),
      up: false,
    },
    { do: "stop-steward", deadlineMs: 10_000 },
    ...sentinels.map((node) => stop(node.id)),
    ...strangers.map(stop),
    ...redis.flatMap((node): Step[] =>
      keepsNothing(node) && !force
        ? [{ do: "save-before-stop", node: node.id }, stop(node.id)]
        : [stop(node.id)],
    ),
  ];
}

/** Neither an append-only file nor a save point: without help such a node would lose everything at its end. */
export function keepsNothing(node: RedisNode): boolean {
  const saves = node.directives.filter((each) => each.name === "save");
  // The last line counts: `save ""` takes back all save points before it.
  return !node.appendOnly && saves.at(-1)?.args.join("") === "";
}
