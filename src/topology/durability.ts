import type { DirectiveSet } from "./profiles.ts";

/**
 * What a write that was acknowledged survives.
 *
 * - `async` adds nothing: the master answers before any replica has the write.
 * - `fenced` bounds what a master that was cut off can take and lose: it refuses writes once it has heard of no
 *   replica for `min-replicas-max-lag` and up to a second more, since it looks once a second.
 * - `confirmed` is for clients that ask with WAIT: a majority of the nodes has what they call written, and a master
 *   without that many replicas refuses writes.
 */
export const DURABILITIES = ["async", "fenced", "confirmed"] as const;
export type Durability = (typeof DURABILITIES)[number];

/** Seconds. With it a master that was cut off stops 4 s later at the latest, before a downAfter of 5 s is over. */
const MAX_LAG_S = 3;

/** Replicas that must be connected for a write: with `confirmed`, those that make a majority of the nodes with it. */
export function neededReplicas(durability: Durability, replicas: number): number {
  switch (durability) {
    case "async":
      return 0;
    case "fenced":
      return 1;
    case "confirmed":
      return Math.ceil((replicas + 1) / 2);
  }
}

export function durabilityDirectives(durability: Durability, replicas: number): DirectiveSet {
  if (durability === "async") return {};
  return {
    "min-replicas-to-write": [[String(neededReplicas(durability, replicas))]],
    "min-replicas-max-lag": [[String(MAX_LAG_S)]],
  };
}
