import { DEFAULTS } from "./defaults.ts";
import type { SentinelPeriods } from "./model.ts";

/** How soon Sentinel finds a master that is silent, and what it needs for that. */
export const FAILOVER_PROFILES = ["standard", "fast"] as const;
export type FailoverProfile = (typeof FAILOVER_PROFILES)[number];

/** What a profile says of Sentinel where the file says nothing: ms, and replicas at a time. */
export interface SentinelTiming {
  downAfterMs: number;
  failoverTimeoutMs: number;
  parallelSyncs: number;
  periods: SentinelPeriods;
}

/**
 * `fast` finds hangs and dead hosts in about 1.4 s. A failover timeout of 4 s lets a failed attempt be followed by
 * another one after 8 s; all replicas follow at once, for with a short timeout Sentinel would make them anyway.
 */
export function sentinelTiming(profile: FailoverProfile, replicas: number): SentinelTiming {
  const { downAfterMs, failoverTimeoutMs, parallelSyncs, periods } = DEFAULTS;
  if (profile === "standard") return { downAfterMs, failoverTimeoutMs, parallelSyncs, periods };
  return {
    downAfterMs: 1000,
    failoverTimeoutMs: 4000,
    parallelSyncs: Math.max(1, replicas),
    periods: { ping: 250, info: 500, ask: 250, publish: 500, tilt: 5000 },
  };
}

/**
 * Rule A: the shortest down-after that does not take a healthy new master for down, for this ping period. ms.
 *
 * After a switch a Sentinel may not have reconnected to the new master for one ping period
 * (sentinelReconnectInstance looks at a time that sentinelResetMaster leaves as it was).
 */
export function leastDownAfterMs(pingMs: number): number {
  return pingMs + 200;
}

/** What a Sentinel can start with: it begins with its stock ping period of 1 s, and rule A wants some air. ms. */
const SAFE_AT_START_MS = 1500;

/** The down-after that stands on disk: ms. `SENTINEL SET` persists and `SENTINEL DEBUG` does not. */
export function startDownAfterMs(downAfterMs: number): number {
  return Math.max(SAFE_AT_START_MS, downAfterMs);
}
