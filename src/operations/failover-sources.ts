import type { NodeId } from "../topology/model.ts";
import type { HistoryEvent } from "./history.ts";
import type { SentinelStory } from "./sentinel-stories.ts";

/** What different sources tell of one and the same failover. */
export interface Gathered {
  from: NodeId | null;
  to: NodeId | null;
  epoch: number | null;
  /** When the new master was first named, or whoever told of it alone noticed: wall clock ms. */
  at: number;
  /** The first sign of it: wall clock ms. */
  beganAt: number;
  stories: SentinelStory[];
  events: HistoryEvent[];
}

/** Within which time two sources that do not both know the epoch mean the same failover: ms. */
const SAME_MS = 60_000;
/** A follower may have heard of a later epoch (somebody wanted to be elected) before it heard of the switch: ms. */
const MISHEARD_MS = 15_000;

/**
 * Puts together what belongs together, oldest first.
 *
 * A config epoch is given to one failover only, so two that tell of the same epoch and the same new master tell of
 * one failover however far their clocks are apart: a steward that was dead notices hours later. `from` may differ,
 * since who missed some failovers believes in an older master.
 */
export function gather(events: readonly HistoryEvent[], stories: readonly SentinelStory[]): Gathered[] {
  const groups: Gathered[] = [];
  const leaders = stories.filter((story) => story.leads);
  for (const story of [...leaders, ...stories.filter((each) => !each.leads)]) addStory(groups, story);
  for (const event of events) {
    if (isMove(event)) addEvent(groups, event);
  }
  return groups.sort((a, b) => a.at - b.at);
}

/** The event tells of a new master; a switchover that came to nothing moved nobody. */
export function isMove(event: HistoryEvent): event is HistoryEvent & { to: NodeId } {
  return (event.kind === "failover" || event.kind === "switchover") && typeof event.to === "string";
}

function addStory(groups: Gathered[], story: SentinelStory): void {
  const { from, to, epoch, namedAt } = story;
  const group =
    groups.find((each) => each.to === to && sameEpoch(each, { epoch, at: namedAt })) ??
    groups.find((each) => each.from === from && each.to === to && misheard(each, story));
  if (group === undefined) {
    groups.push({ from, to, epoch, at: namedAt, beganAt: firstSign(story), stories: [story], events: [] });
    return;
  }
  group.stories.push(story);
  group.epoch ??= epoch;
  group.at = Math.min(group.at, namedAt);
  group.beganAt = Math.min(group.beganAt, firstSign(story));
}

function sameEpoch(group: Gathered, { epoch, at }: { epoch: number | null; at: number }): boolean {
  if (group.epoch !== null && epoch !== null) return group.epoch === epoch;
  return Math.abs(group.at - at) <= SAME_MS;
}

function misheard(group: Gathered, story: SentinelStory): boolean {
  const led = group.stories.some((each) => each.leads);
  return led && !story.leads && Math.abs(group.at - story.namedAt) <= MISHEARD_MS;
}

function firstSign({ downAt, askedAt, triedAt, namedAt }: SentinelStory): number {
  return Math.min(...[downAt, askedAt, triedAt, namedAt].filter((time) => time !== null));
}

function addEvent(groups: Gathered[], event: HistoryEvent & { to: NodeId }): void {
  const { to } = event;
  const at = event.faultAt ?? event.askedAt ?? event.time;
  const epoch = event.epoch ?? null;
  const group = groups.find((each) => each.to === to && sameEpoch(each, { epoch, at }));
  if (group === undefined) {
    groups.push({
      from: event.from ?? null,
      to,
      epoch,
      at: event.time,
      beganAt: at,
      stories: [],
      events: [event],
    });
    return;
  }
  group.events.push(event);
  group.epoch ??= epoch;
  group.from ??= event.from ?? null;
  group.beganAt = Math.min(group.beganAt, at);
  if (group.stories.length === 0) group.at = Math.min(group.at, event.time);
}
