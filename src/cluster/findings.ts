import type { Topology } from "../topology/model.ts";
import { FINDING_CODES, type Finding } from "./finding.ts";
import { judgeCluster } from "./judge/advice.ts";
import { judgeMaster } from "./judge/master.ts";
import { judgeNodes } from "./judge/nodes.ts";
import { judgeSentinels } from "./judge/sentinels.ts";
import { judgeTiming } from "./judge/timing.ts";
import type { Snapshot } from "./snapshot.ts";
import { viewOf, type View } from "./view.ts";

/**
 * Judges a snapshot: everything that is not as it should be, the worst first.
 *
 * The only place where that is decided; commands, console, metrics and exit codes print what it says. A
 * finding that merely follows from another is left out: a node that is down has no link to report.
 */
export function findings(topology: Topology, snapshot: Snapshot): Finding[] {
  const view = viewOf(topology, snapshot);
  const nothing = nothingRuns(view);
  if (nothing !== null) return [nothing];
  return [
    ...judgeMaster(view),
    ...judgeNodes(view),
    ...judgeSentinels(view),
    ...judgeTiming(view),
    ...judgeCluster(view),
  ].sort(byWeight);
}

const WEIGHT = { error: 0, warning: 1, info: 2 } as const;

function byWeight(one: Finding, other: Finding): number {
  return (
    WEIGHT[one.severity] - WEIGHT[other.severity] ||
    FINDING_CODES.indexOf(one.code) - FINDING_CODES.indexOf(other.code)
  );
}

/** Instead of one finding a node. A node that was given up is worth its own. */
function nothingRuns({ snapshot: { nodes, sentinels } }: View): Finding | null {
  const dead =
    nodes.every((node) => node.state === "down" && !node.gaveUp) &&
    sentinels.every(
      (sentinel) => !sentinel.up && !sentinel.authError && sentinel.pid === null && !sentinel.gaveUp,
    );
  if (!dead) return null;
  const wanted = [...nodes, ...sentinels].some((node) => node.wanted);
  return {
    code: wanted ? "ALL_DOWN" : "NOT_STARTED",
    severity: "error",
    node: null,
    message: wanted
      ? "nothing runs, though it was started and nobody stopped it: a reboot, or all processes were killed"
      : "nothing runs: the cluster has not been started, or was taken down",
    action: "vedette up",
  };
}
