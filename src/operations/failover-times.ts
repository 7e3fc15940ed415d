import { majority, type NodeId, type Topology } from "../topology/model.ts";
import type { Gathered } from "./failover-sources.ts";
import type { NodeTale } from "./node-tales.ts";

/** All that is known of one failover. */
export interface Evidence {
  topology: Topology;
  kind: "failover" | "switchover";
  group: Gathered;
  /** What the nodes logged between the failover before and the one after. */
  tales: readonly NodeTale[];
}

/** As in the marks of `test-failover`: ms, since the beginning or of the wall clock. Null is what nobody told. */
export interface FailoverTimes {
  /** The first one knew: a Sentinel held the master for down, or the asker knew it. */
  detected: number | null;
  /** A quorum of the Sentinels agreed. */
  agreed: number | null;
  /** A Sentinel was asked. */
  asked: number | null;
  elected: number | null;
  /** The replica became master. */
  promoted: number | null;
  /** A majority of the Sentinels named it. */
  switched: number | null;
  firstWrite: number | null;
  /** Every replica besides the old master followed it and was in sync. */
  reconfigured: number | null;
  /** The old master was back in sync as its replica. */
  back: number | null;
}

/**
 * What began when times begin: the `fault` itself, the moment it was `detected` or `asked` for where nobody saw a
 * fault, or that somebody `noticed` the new master, where nothing else is known.
 */
export type CountedFrom = "fault" | "detected" | "asked" | "noticed";

/** A log's clock is cut to ms, and the Sentinel that publishes last is not the last to know: ms. */
const SLACK_MS = 2_000;

/** When everything happened: wall clock ms. */
export function timesOf(evidence: Evidence): FailoverTimes {
  const { stories, events, from } = evidence.group;
  const leader = stories.find((story) => story.leads) ?? null;
  const told = (name: string) => ofEvents(evidence, name);
  const promoted = promotion(evidence)?.time ?? told("promoted") ?? leader?.promotedAt ?? null;
  const asked = earliest([...stories, ...events].map((each) => each.askedAt));
  return {
    detected: earliest([...stories.map((each) => each.downAt), asked]),
    agreed: earliest(stories.map((each) => each.agreedAt)),
    asked,
    elected: leader?.electedAt ?? told("elected"),
    promoted,
    switched: named(evidence) ?? told("switched") ?? told("spread"),
    firstWrite: told("firstWrite"),
    reconfigured: reconfigured(evidence, promoted) ?? told("reconfigured"),
    back: linked(evidence, from, promoted) ?? told("back"),
  };
}

/** When it began: wall clock ms. */
export function beginningOf(
  evidence: Evidence,
  at: FailoverTimes,
): { time: number; countedFrom: CountedFrom } {
  const fault = evidence.kind === "switchover" ? null : faultOf(evidence, at);
  if (fault !== null) return { time: fault, countedFrom: "fault" };
  if (at.asked !== null && at.asked === at.detected) return { time: at.asked, countedFrom: "asked" };
  if (at.detected !== null) return { time: at.detected, countedFrom: "detected" };
  return { time: at.promoted ?? at.switched ?? evidence.group.at, countedFrom: "noticed" };
}

/** What the promoted node logged itself. */
export function promotion({ group: { to, at }, tales }: Evidence): NodeTale | null {
  const ours = ({ node, what, time }: NodeTale) =>
    node === to && what === "promoted" && time <= at + SLACK_MS;
  return tales.findLast(ours) ?? null;
}

/** Who caused it knows; else the replicas lose their link in the moment in which the master's process ends. */
function faultOf({ topology, group, tales }: Evidence, at: FailoverTimes): number | null {
  const known = earliest(group.events.map((each) => each.faultAt));
  const noticed = earliest([at.detected, at.elected, at.promoted]);
  if (known !== null || noticed === null) return known;
  const recent = noticed - topology.sentinel.downAfterMs - SLACK_MS;
  const lost = topology.redis.nodes.flatMap(({ id }) => {
    const last = tales.findLast(
      (tale) => tale.node === id && tale.time <= noticed && (tale.what === "lost" || tale.what === "linked"),
    );
    return id !== group.from && last?.what === "lost" && last.time >= recent ? [last.time] : [];
  });
  return lost.length === 0 ? null : Math.max(...lost);
}

/** When a majority of the Sentinels named it. */
function named({ topology, group }: Evidence): number | null {
  const times = group.stories.map((each) => each.namedAt).sort((a, b) => a - b);
  return times[majority(topology) - 1] ?? null;
}

function linked(
  { group: { to }, tales }: Evidence,
  node: NodeId | null,
  promoted: number | null,
): number | null {
  if (promoted === null) return null;
  const found = tales.find(
    (tale) => tale.node === node && tale.what === "linked" && tale.time >= promoted && (tale.to ?? to) === to,
  );
  return found?.time ?? null;
}

/** Null when one of them never was: there is no moment in which all were. */
function reconfigured(evidence: Evidence, promoted: number | null): number | null {
  const { from, to } = evidence.group;
  const others = evidence.topology.redis.nodes.filter(({ id }) => id !== from && id !== to);
  const times = others.map(({ id }) => linked(evidence, id, promoted));
  return times.length === 0 || times.includes(null) ? null : Math.max(...times.map(Number));
}

function ofEvents({ group }: Evidence, name: string): number | null {
  for (const { faultAt, askedAt, durationsMs } of group.events) {
    const base = faultAt ?? askedAt;
    const ms = durationsMs?.[name];
    if (base !== undefined && ms !== undefined) return base + ms;
  }
  return null;
}

function earliest(times: readonly (number | null | undefined)[]): number | null {
  const known = times.filter((time): time is number => time !== null && time !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}
