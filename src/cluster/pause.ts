import prettyMs from "pretty-ms";
import type { Topology } from "../topology/model.ts";
import type { PauseSeen, Snapshot } from "./snapshot.ts";
import { viewOf } from "./view.ts";

/** The longest pause that may be asked for at once; a longer one is extended while somebody is there: ms. */
export const LONGEST_PAUSE_MS = 24 * 3_600_000;

/** The pause itself, or null when there is none or its time is over. `now` is wall clock ms. */
export function pauseInForce(pause: PauseSeen | null, now: number): PauseSeen | null {
  if (pause === null || now >= pause.until) return null;
  const { by, reason, since, until } = pause;
  return { by, reason, since, until };
}

/** Sentinel reads a replica's link-down time from an INFO that may be as old as its INFO period: ms. */
const INFO_AGE_MS = 10_000;

/**
 * The down-after to go through on the way back, when the master has died in the pause: ms, null when none is needed.
 *
 * sentinelSelectSlave passes over replicas whose link has been down for longer than ten down-afters and the time
 * since s_down. Put straight back to 5 s after a minute without a master, no Sentinel would ever find a good one.
 */
export function bridgeDownAfter(topology: Topology, snapshot: Snapshot): number | null {
  const { masterUp, master, reachable } = viewOf(topology, snapshot);
  if (master === null || masterUp || reachable.length < snapshot.quorum.needed) return null;
  const waiting = snapshot.nodes.filter((node) => node.role === "replica" && node.link !== "up");
  const longest = Math.max(0, ...waiting.map((node) => node.lagSeconds ?? 0)) * 1000;
  const needed = Math.ceil((longest + INFO_AGE_MS) / 10);
  return longest === 0 || needed <= topology.sentinel.downAfterMs ? null : needed;
}

/** "paused by ann until 2026-05-04 12:30:00 UTC (28m left): new kernel" */
export function pauseSentence({ by, reason, until }: PauseSeen, now: number): string {
  const end = new Date(until).toISOString().slice(0, 19).replace("T", " ");
  const left = prettyMs(Math.max(0, until - now), { secondsDecimalDigits: 0, unitCount: 2 });
  return `paused by ${by} until ${end} UTC (${left} left)${reason === "" ? "" : `: ${reason}`}`;
}
