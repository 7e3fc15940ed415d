import { downAfterNow } from "../render/down-after.ts";
import { leastDownAfterMs } from "../topology/failover-profiles.ts";
import type { SentinelPeriods, Topology } from "../topology/model.ts";

/** What one Sentinel runs with, as it says itself; ms. */
export interface TimingSeen {
  /** Null when it does not watch our master. */
  downAfterMs: number | null;
  /** Null where it cannot say (Redis 6.2): then it runs with the stock ones and cannot be given others. */
  periods: SentinelPeriods | null;
}

/** The timing that the Sentinels should have now: the topology's, or while it is paused a longer down-after. */
export function timingNow(
  wanted: Topology["sentinel"],
  pause: { since: number; until: number } | null,
  now: number,
): Topology["sentinel"] {
  const raised = (ms: number) => downAfterNow(ms, pause, now);
  return {
    ...wanted,
    downAfterMs: raised(wanted.downAfterMs),
    startDownAfterMs: raised(wanted.startDownAfterMs),
  };
}

export type TimingStep = { set: "down-after"; ms: number } | { set: "periods"; periods: SentinelPeriods };

/**
 * What to set on a Sentinel now, in this order; nothing when it runs as it should.
 *
 * The down-after is lowered only by a look that found the periods right, and raised before they are touched: with a
 * longer ping period than the down-after allows for (rule A), a healthy new master is failed over again.
 */
export function timingSteps(wanted: Topology["sentinel"], seen: TimingSeen): TimingStep[] {
  const { downAfterMs, periods } = seen;
  if (downAfterMs === null) return [];
  if (periods === null) return setDownAfter(downAfterMs, wanted.startDownAfterMs);
  if (samePeriods(periods, wanted.periods)) return setDownAfter(downAfterMs, wanted.downAfterMs);
  const safe = leastDownAfterMs(Math.max(periods.ping, wanted.periods.ping));
  const raise = downAfterMs < safe ? setDownAfter(downAfterMs, Math.max(safe, wanted.startDownAfterMs)) : [];
  return [...raise, { set: "periods", periods: wanted.periods }];
}

function setDownAfter(is: number, ms: number): TimingStep[] {
  return is === ms ? [] : [{ set: "down-after", ms }];
}

function samePeriods(one: SentinelPeriods, other: SentinelPeriods): boolean {
  return periodWords(one).join(" ") === periodWords(other).join(" ");
}

/** The arguments of SENTINEL DEBUG for these periods. */
export function periodWords({ ping, info, ask, publish, tilt }: SentinelPeriods): string[] {
  const pairs = { ping, info, ask, publish, tilt };
  return Object.entries(pairs).flatMap(([name, ms]) => [`${name}-period`, String(ms)]);
}

/** `ping-period 250, info-period 500, …` or `down-after 1000`, in ms. */
export function timingSentence(step: TimingStep): string {
  if (step.set === "down-after") return `down-after is ${step.ms} ms now`;
  const { ping, info, ask, publish, tilt } = step.periods;
  return `periods are set: ping ${ping} ms, INFO ${info} ms, ask ${ask} ms, publish ${publish} ms, TILT ${tilt} ms`;
}
