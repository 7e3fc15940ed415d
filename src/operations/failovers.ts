import type { NodeId, Topology } from "../topology/model.ts";
import { causeOf, chosenOf, whoAsked, type Chosen } from "./failover-reasons.ts";
import { gather } from "./failover-sources.ts";
import {
  beginningOf,
  promotion,
  timesOf,
  type CountedFrom,
  type Evidence,
  type FailoverTimes,
} from "./failover-times.ts";
import type { HistoryEvent } from "./history.ts";
import type { LogLine } from "./log-lines.ts";
import { nodeTales } from "./node-tales.ts";
import { sentinelStories } from "./sentinel-stories.ts";

/** One failover or switchover, put together from everybody who told of it. What nobody told is null. */
export interface Failover {
  kind: "failover" | "switchover";
  /** When it began: wall clock ms. */
  time: number;
  countedFrom: CountedFrom;
  from: NodeId | null;
  to: NodeId | null;
  epoch: number | null;
  /** `steward`, `vedette …`; `sentinel` when it decided by itself; `unknown` when it was asked by nobody of ours. */
  askedBy: string | null;
  cause: string;
  /** The Sentinel that led it. */
  leader: NodeId | null;
  /** How many times the leader began, this time included. */
  attempts: number | null;
  /** ms since `time`. */
  durationsMs: FailoverTimes;
  /** For how long no write was acknowledged; known of tests, drills and switchovers. */
  writeGapMs: number | null;
  chosen: Chosen;
  /** Who told of it: Sentinels, nodes, `steward`, commands. */
  sources: string[];
}

/** Everything that is known of every failover, oldest first. */
export function failovers(
  topology: Topology,
  told: { events: readonly HistoryEvent[]; sentinels: readonly LogLine[]; nodes: readonly LogLine[] },
): Failover[] {
  const tales = nodeTales(topology, told.nodes);
  const gathered = gather(told.events, sentinelStories(topology, told.sentinels));
  return gathered
    .map((group, i) => {
      const [after, before] = [gathered[i - 1]?.at ?? -Infinity, gathered[i + 1]?.beganAt ?? Infinity];
      const switched = group.events.some((event) => event.kind === "switchover");
      const own = tales.filter(({ time }) => time > after && time < before);
      const kind = switched ? "switchover" : "failover";
      return assemble({ topology, kind, group, tales: own }, told.events);
    })
    .sort((a, b) => a.time - b.time);
}

function assemble(evidence: Evidence, history: readonly HistoryEvent[]): Failover {
  const { kind, group } = evidence;
  const { from, to, epoch, stories, events } = group;
  const leader = stories.find((story) => story.leads);
  const at = timesOf(evidence);
  const { time, countedFrom } = beginningOf(evidence, at);
  const askedBy = whoAsked(group, at.asked, history);
  return {
    kind,
    time: Math.round(time),
    countedFrom,
    from,
    to,
    epoch,
    askedBy,
    cause: causeOf(group, askedBy),
    leader: leader?.sentinel ?? null,
    attempts: leader?.attempts ?? null,
    durationsMs: countedSince(time, at),
    writeGapMs: writeGap(events),
    chosen: chosenOf(evidence, at.promoted),
    sources: [
      ...new Set([
        ...events.map((each) => each.by),
        ...stories.map((each) => each.sentinel),
        ...(to !== null && promotion(evidence) !== null ? [to] : []),
      ]),
    ],
  };
}

function countedSince(time: number, at: FailoverTimes): FailoverTimes {
  const since = (value: number | null) => (value === null ? null : Math.round((value - time) * 10) / 10);
  return {
    detected: since(at.detected),
    agreed: since(at.agreed),
    asked: since(at.asked),
    elected: since(at.elected),
    promoted: since(at.promoted),
    switched: since(at.switched),
    firstWrite: since(at.firstWrite),
    reconfigured: since(at.reconfigured),
    back: since(at.back),
  };
}

function writeGap(events: readonly HistoryEvent[]): number | null {
  const known = events.map(({ durationsMs }) => durationsMs?.["writeGap"] ?? durationsMs?.["paused"]);
  return known.find((ms) => ms !== undefined) ?? null;
}
