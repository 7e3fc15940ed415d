import type { SentinelEvent } from "../redis/events.ts";
import type { NodeId, Topology } from "../topology/model.ts";
import { parseHistoryLine, type HistoryEvent } from "./history.ts";
import type { LogLine } from "./log-lines.ts";
import { eventOfLine } from "./sentinel-stories.ts";
import { isAboutUs } from "./sentinel-watch.ts";

/** What `vedette events` tells. `time` is wall clock ms. */
export type ClusterEvent = { time: number } & (
  | { kind: "sentinel"; sentinel: NodeId; event: SentinelEvent }
  | { kind: "history"; event: HistoryEvent }
  /** A Sentinel can no longer be listened to, and can again: what it said meanwhile comes from its log. */
  | { kind: "lost"; sentinel: NodeId; reason: string }
  | { kind: "back"; sentinel: NodeId }
);

/** The event in a line of history.jsonl, or nothing. */
export function ofHistory({ message }: LogLine): ClusterEvent[] {
  const event = parseHistoryLine(message);
  return event === null ? [] : [{ time: event.time, kind: "history", event }];
}

/** The event in a line of a Sentinel's log, or nothing. */
export function ofSentinelLog(topology: Topology, line: LogLine): ClusterEvent[] {
  const { node: sentinel, time } = line;
  const event = eventOfLine(line);
  if (time === null || event === null || !isAboutUs(topology, event)) return [];
  return [{ time, kind: "sentinel", sentinel, event }];
}

/**
 * Puts what comes from several sources into the order of time: some are heard at once and some only looked at now
 * and then, so everything is held back a little.
 */
export class InOrder {
  private waiting: ClusterEvent[] = [];

  constructor(private readonly holdBackMs: number) {}

  add(event: ClusterEvent): void {
    this.waiting.push(event);
  }

  /** What is old enough by now, oldest first. `now` is wall clock ms; Infinity gives everything. */
  ripe(now: number): ClusterEvent[] {
    const isRipe = ({ time }: ClusterEvent) => time <= now - this.holdBackMs;
    const ripe = this.waiting.filter(isRipe).sort((a, b) => a.time - b.time);
    this.waiting = this.waiting.filter((event) => !isRipe(event));
    return ripe;
  }
}
