import prettyMs from "pretty-ms";
import type { SentinelPeriods, Topology } from "../../topology/model.ts";
import type { Finding } from "../finding.ts";
import { timingNow, timingSteps } from "../sentinel-timing.ts";
import type { SentinelSeen } from "../snapshot.ts";
import { listed, type View } from "../view.ts";

/** Sentinels that do not run with the topology's periods and down-after: restarted, set by hand, or too old. */
export function judgeTiming({ topology, snapshot, reachable }: View): Finding[] {
  // An operation sets periods of its own and takes them back.
  if (snapshot.operation !== null) return [];
  const action = snapshot.steward.running ? "vedette status --watch" : "vedette up";
  const wanted = timingNow(topology.sentinel, snapshot.pause, snapshot.observedAt);
  return reachable.flatMap((sentinel) => {
    const finding = tooOld(wanted, sentinel) ?? drift(wanted, sentinel, action);
    return finding === null ? [] : [finding];
  });
}

/** It cannot be given other periods, and without them not the down-after that was asked for. */
function tooOld(wanted: Topology["sentinel"], { node, periods, downAfterMs }: SentinelSeen) {
  if (periods !== null || downAfterMs === null || wanted.downAfterMs >= wanted.startDownAfterMs) return null;
  const text = `${node} has no SENTINEL DEBUG, so its ping period stays 1s and its down-after ${prettyMs(downAfterMs)}, expected ${prettyMs(wanted.downAfterMs)}`;
  return found(node, text, "use Redis 7.0 or newer, or `failover: standard`");
}

function drift(wanted: Topology["sentinel"], sentinel: SentinelSeen, action: string) {
  if (timingSteps(wanted, sentinel).length === 0) return null;
  const { node, periods, downAfterMs } = sentinel;
  const different = [
    difference("down-after", downAfterMs, wanted.downAfterMs),
    ...PERIODS.map(([key, name]) => difference(name, periods?.[key] ?? null, wanted.periods[key])),
  ].filter((text) => text !== null);
  return found(node, `${node} runs with ${listed(different)}`, action);
}

const PERIODS: [keyof SentinelPeriods, string][] = [
  ["ping", "ping period"],
  ["info", "INFO period"],
  ["ask", "ask period"],
  ["publish", "publish period"],
  ["tilt", "TILT period"],
];

function difference(name: string, is: number | null, expected: number): string | null {
  return is === null || is === expected ? null : `${name} ${prettyMs(is)} (expected ${prettyMs(expected)})`;
}

function found(node: string, message: string, action: string): Finding {
  return { code: "SENTINEL_TIMING", severity: "warning", node, message, action };
}
