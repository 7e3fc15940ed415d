import { setTimeout as delay } from "node:timers/promises";

/** Time as an argument: tests of long timeouts pass their own. All times are milliseconds. */
export interface Clock {
  /** Wall clock, ms since the epoch: for records that people and other machines read. */
  now(): number;
  /** Monotonic, ms since an arbitrary start: for durations and deadlines. */
  monotonic(): number;
  /** Resolves after `ms`, or at once (without an error) when `signal` aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  async sleep(ms, signal) {
    try {
      await delay(ms, undefined, signal ? { signal } : {});
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};

/**
 * Asks `condition` again and again until it gives something other than null, undefined or false.
 *
 * Returns that value, or null once `deadlineMs` has passed (the condition is asked at least once, and once
 * more at the deadline).
 */
export async function until<T>(
  condition: () => Promise<T | null | undefined | false>,
  options: { deadlineMs: number; everyMs?: number; clock?: Clock; signal?: AbortSignal },
): Promise<T | null> {
  const { deadlineMs, everyMs = 50, clock = systemClock, signal } = options;
  const end = clock.monotonic() + deadlineMs;
  for (;;) {
    const value = await condition();
    if (value !== null && value !== undefined && value !== false) return value;
    const left = end - clock.monotonic();
    if (left <= 0 || signal?.aborted) return null;
    await clock.sleep(Math.min(everyMs, left), signal);
  }
}
