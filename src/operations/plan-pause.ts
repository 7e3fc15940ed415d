import type { Snapshot } from "../cluster/snapshot.ts";
import type { PauseRecord } from "../runtimes/runtime.ts";
import { downAfterNow } from "../render/down-after.ts";
import type { Topology } from "../topology/model.ts";
import type { Step } from "./steps.ts";

/** What a person asks for. */
export interface PauseWish {
  /** From now on: ms. */
  forMs: number;
  /** "" when none was given. */
  reason: string;
  by: string;
}

/**
 * The pause that is wanted, as it is written down. One that lasts is extended, or shortened: it keeps its beginning,
 * for a master may have been silent since then.
 */
export function pauseWanted(
  snapshot: Snapshot,
  before: PauseRecord | null,
  wish: PauseWish,
  now: number,
  id: string,
): PauseRecord {
  const { by, reason, forMs } = wish;
  const lasts = before !== null && now < before.until ? before : null;
  const previous = Object.fromEntries(snapshot.sentinels.map((each) => [each.node, each.downAfterMs]));
  return {
    id,
    by,
    reason,
    since: lasts?.since ?? now,
    until: now + forMs,
    previous: lasts?.previous ?? previous,
  };
}

/** It is written down before the first Sentinel is told: whatever dies after that, somebody puts it back. */
export function planPause(topology: Topology, record: PauseRecord): Step[] {
  const ms = downAfterNow(topology.sentinel.downAfterMs, record, record.since);
  return [{ do: "note-pause", record }, { do: "time-pause" }, { do: "raise-down-after", ms }];
}

/** Its time is cut to now first: a resume that dies is then a pause that is over, which anybody puts back. */
export function planResume(): Step[] {
  return [{ do: "cut-pause" }, { do: "end-pause" }];
}
