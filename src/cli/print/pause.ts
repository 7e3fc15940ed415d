import prettyMs from "pretty-ms";
import type { Paused } from "../../operations/pause.ts";
import type { Topology } from "../../topology/model.ts";
import { coloursFor } from "./colours.ts";
import { localStamp } from "./text.ts";

/** What `vedette pause` ends with. */
export function printPaused(topology: Topology, { record, down, byHand }: Paused, colour: boolean): string {
  const colours = coloursFor(colour);
  const { since, until, reason } = record;
  const base = prettyMs(topology.sentinel.downAfterMs);
  return [
    `${colours.bold(topology.name)} is ${colours.yellow("paused")} until ${localStamp(until)}${reason === "" ? "" : `: ${reason}`}`,
    "Nobody is promoted and nothing is restarted until then. Stop a node, and it is yours to start again.",
    `The Sentinels wait ${prettyMs(until - since)} before they take a node for down (else ${base}).`,
    ...down.map((node) => colours.yellow(`${node} is not running; it is told when it starts`)),
    ...byHand.map(({ node, ms }) =>
      colours.yellow(`${node} had ${prettyMs(ms)}, set by hand; afterwards it gets the topology's ${base}`),
    ),
    "End it sooner: vedette resume. Extend it: vedette pause --for again.",
    "",
  ].join("\n");
}

/** `vedette pause --json`. */
export function pausedJson(topology: Topology, { record, down }: Paused) {
  const { by, reason, since, until, previous } = record;
  return {
    schema: 1,
    cluster: topology.name,
    pause: { by, reason, since: new Date(since).toISOString(), until: new Date(until).toISOString() },
    downAfterMs: Math.max(topology.sentinel.downAfterMs, until - since),
    previousDownAfterMs: previous,
    notTold: down,
  };
}

/** `left` is what could not be put back; null when nothing was paused. */
export function printResumed(topology: Topology, left: readonly string[] | null, colour: boolean): string {
  const colours = coloursFor(colour);
  if (left === null) return `${topology.name} is not paused`;
  if (left.length === 0)
    return `${topology.name} is no longer paused: the Sentinels wait ${prettyMs(topology.sentinel.downAfterMs)} again, the steward acts`;
  const lines = left.map((line) => colours.yellow(line));
  return [
    `${topology.name} is no longer paused, but`,
    ...lines,
    "The steward, or `vedette up`, does the rest.",
  ].join("\n");
}
