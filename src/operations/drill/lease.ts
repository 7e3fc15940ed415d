import { TEST_FAILOVER } from "../test-failover.ts";
import type { ScenarioId } from "./scenario.ts";

const DRILL = "drill ";

/** The name under which a drill holds the lease. A switchover the steward is to leave alone, as outside a drill. */
export function drillLease(scenario: ScenarioId): string {
  return scenario === "switchover" ? "switchover drill" : `${DRILL}${scenario}`;
}

/**
 * Is this operation one that makes things fail to see what the cluster does? The steward reacts to its faults as it
 * would to real ones: that is part of what is seen.
 */
export function isDrill(operation: string): boolean {
  return operation === TEST_FAILOVER || operation.startsWith(DRILL);
}
