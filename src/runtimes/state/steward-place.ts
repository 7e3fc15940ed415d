import { allNodes, type NodeId, type Topology } from "../../topology/model.ts";
import type { Positions } from "../records.ts";
import { currentClaim } from "./claims.ts";
import { replaceHint, replaceJson } from "./files.ts";
import { rotateLog } from "./log-files.ts";
import type { StatePaths } from "./paths.ts";
import { readPositions } from "./positions.ts";
import { readSupervision } from "./supervision.ts";

/** Some tens of thousands of events, and as many again in the file before: bytes. */
const HISTORY_MAX_BYTES = 10_000_000;

/** What a runtime can tell its steward beside its interface. */
export interface StewardSource {
  readonly paths: StatePaths;
  /** How the node's last process ended, as far as the runtime saw it. */
  endingOf(node: NodeId): string | null;
}

/** The files through which a steward speaks with whoever comes after it. */
export function stewardPlace(topology: Topology, runtime: StewardSource, token: number) {
  const { paths } = runtime;
  const stillOurs = () => currentClaim(paths.claims("steward"))?.token === token;
  return {
    history: paths.history,
    stillOurs,
    endingOf: (node: NodeId) => runtime.endingOf(node),
    readPositions: () => readPositions(paths),
    writePositions: (positions: Positions) => {
      if (stillOurs()) replaceHint(paths.positions, positions);
    },
    noteGaveUp: (node: NodeId, why: string) => {
      if (!stillOurs()) return;
      replaceJson(paths.supervision, { ...readSupervision(paths), [node]: { gaveUp: true, reason: why } });
    },
    rotateLogs: () => {
      const logs = [...allNodes(topology).map((node) => paths.log(node.id)), `${paths.logs}/steward.log`];
      for (const log of logs) rotateLog(log, topology.logs.maxBytes, topology.logs.keep);
      // Only here: of two that rotate at once, the second would throw away what the first has just moved aside.
      rotateLog(paths.history, HISTORY_MAX_BYTES, 1);
    },
  };
}
