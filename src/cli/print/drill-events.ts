import type { DrillEvent, LaneState } from "../../operations/drill/record.ts";
import { parseEvent } from "../../redis/events.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { eventInWords, type EventNames } from "./failover-events.ts";

const STATES: Record<LaneState, string> = {
  master: "is master and takes writes",
  refusing: "is master and refuses writes",
  replica: "is a replica in sync",
  unlinked: "is a replica without its master",
  watching: "watches",
  loading: "reads its data",
  locked: "lets nobody in",
  silent: "does not answer",
  down: "is down",
};

/** An event of a drill as a sentence without its node. */
export function drillEventText(names: EventNames, event: DrillEvent): string {
  if (event.kind === "state") return isState(event.text) ? STATES[event.text] : event.text;
  if (event.kind !== "sentinel") return event.text;
  const channel = event.channel ?? "";
  return eventInWords(names, parseEvent(channel, event.text)) ?? `${channel} ${event.text}`;
}

/** One event on a line of its own: ms since the first fault, the node, what happened. */
export function printDrillEvent(names: EventNames, event: DrillEvent, colour: boolean): string {
  const colours = coloursFor(colour);
  const { redis, sentinel } = names.topology;
  const width = Math.max(...[...redis.nodes, ...sentinel.nodes].map((node) => node.id.length));
  const text = paint(event, drillEventText(names, event), colours);
  return `${event.ms.toFixed(0).padStart(7)} ms  ${(event.node ?? "").padEnd(width)}  ${text}`;
}

function paint({ kind, text, channel }: DrillEvent, words: string, colours: Colours): string {
  if (kind === "fault") return colours.red(colours.bold(words));
  if (kind === "heal") return colours.cyan(words);
  if (kind === "client") return text.startsWith("no write") ? colours.red(words) : colours.green(words);
  if (kind === "state") return text === "master" ? colours.green(words) : colours.dim(words);
  if (channel === "+switch-master" || channel === "+promoted-slave") return colours.green(words);
  return channel === "+sdown" || channel === "+odown" ? colours.yellow(words) : words;
}

function isState(text: string): text is LaneState {
  return text in STATES;
}
