import { until, type Clock } from "../../clock.ts";
import { VedetteError } from "../../errors.ts";
import type { Topology } from "../../topology/model.ts";
import type { Lease, SideWork } from "../runtime.ts";
import { claim, currentClaim, isClaim } from "./claims.ts";
import type { StatePaths } from "./paths.ts";

/** How long a command waits for another one that is about to end: ms. */
const LEASE_PATIENCE_MS = 3_000;

/** The cluster's operation lease, or an error that names who has it. */
export async function takeLease(
  topology: Topology,
  paths: StatePaths,
  operation: string,
  clock: Clock,
): Promise<Lease> {
  const dir = paths.claims("operation");
  // The steward's own restarts take the lease for a moment: those are worth waiting for.
  const free = async () => currentClaim(dir) === null;
  await until(free, { deadlineMs: LEASE_PATIENCE_MS, everyMs: 50, clock });
  const held = claim(dir, operation, clock.now());
  if (!isClaim(held)) {
    throw new VedetteError(
      `beginning ${operation}: \`${held.name}\` (pid ${held.pid}) is at work on cluster ${topology.name}`,
      { next: "wait until it has ended, or end it; one operation at a time" },
    );
  }
  return { token: held.token, name: operation, release: async () => held.release() };
}

/** The one place of a work beside operations, or an error that names who has it. */
export function takeExclusive(topology: Topology, paths: StatePaths, work: SideWork, now: number): Lease {
  const held = claim(paths.claims(work), work, now);
  if (isClaim(held)) return { token: held.token, name: work, release: async () => held.release() };
  throw new VedetteError(
    `beginning a ${work}: another one (pid ${held.pid}) is under way on cluster ${topology.name}`,
    { next: "wait until it has ended, or end it" },
  );
}
