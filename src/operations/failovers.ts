import { majority, type NodeId, type Topology } from "../topology/model.ts";
import { whyChosen, type Candidate, type Rule } from "./candidates.ts";
import { gather, type Gathered } from "./failover-sources.ts";
import type { HistoryEvent } from "./history.ts";
import type { LogLine } from "./log-lines.ts";
import { nodeTales, type NodeTale } from "./node-tales.ts";
import { sentinelStories } from "./sentinel-stories.ts";

/** One failover or switchover, put together from everybody who told of it. What nobody told is null. */
export interface Failover {
  kind: "failover" | "switchover";
  /** When it began: wall clock ms. */
  time: number;
  /**
   * What began then: the `fault` itself, the moment it was `detected` or `asked` for where nobody saw a fault, or
   * that somebody `noticed` the new master, where nothing else is known.
   */
  countedFrom: "fault" | "detected" | "asked" | "noticed";
  from: NodeId | null;
  to: NodeId | null;
  epoch: number | null;
  /** `steward`, `vedette …`; `sentinel` when it decided by itself; `unknown` when it was asked by nobody of ours. */
  askedBy: string | null;
  cause: string;
  /** The Sentinel that led it. */
  leader: NodeId | null;
  /** How many times the Sentinels began, this time included. */
  attempts: number | null;
  /** ms since `time`. */
  durationsMs: FailoverTimes;
  /** For how long no write was acknowledged; known of tests, drills and switchovers. */
  writeGapMs: number | null;
  chosen: {
    /** The rule of sentinelSelectSlave that decided. */
    rule: Rule | null;
    why: string | null;
    /** Its `lagBytes`: how far behind the old master it was, approximately. */
    behindBytes: number | null;
    candidates: Candidate[] | null;
  };
  /** Who told of it: Sentinels, nodes, `steward`, commands. */
  sources: string[];
}

/** As in the marks of `test-failover`. */
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

type At = { [name in keyof FailoverTimes]: number | null };

/** A log's clock is cut to ms, and the Sentinel that publishes last is not the last to know: ms. */
const SLACK_MS = 2_000;

/** Everything that is known of every failover, oldest first. */
export function failovers(
  topology: Topology,
  told: { events: readonly HistoryEvent[]; sentinels: readonly LogLine[]; nodes: readonly LogLine[] },
): Failover[] {
  const tales = nodeTales(topology, told.nodes);
  const gathered = gather(told.events, sentinelStories(topology, told.sentinels));
  return gathered
    .map((each, i) =>
      new Assembly(topology, each, tales, {
        after: gathered[i - 1]?.at ?? -Infinity,
        before: gathered[i + 1]?.beganAt ?? Infinity,
        operations: told.events,
      }).failover(),
    )
    .sort((a, b) => a.time - b.time);
}

class Assembly {
  private readonly leader;
  private readonly kind: Failover["kind"];
  private readonly own: readonly NodeTale[];

  constructor(
    private readonly topology: Topology,
    private readonly group: Gathered,
    tales: readonly NodeTale[],
    private readonly bounds: { after: number; before: number; operations: readonly HistoryEvent[] },
  ) {
    this.leader = group.stories.find((story) => story.leads) ?? null;
    this.kind = group.events.some((event) => event.kind === "switchover") ? "switchover" : "failover";
    this.own = tales.filter(({ time }) => time > bounds.after && time < bounds.before);
  }

  failover(): Failover {
    const { group, leader } = this;
    const at = this.times();
    const { time, countedFrom } = this.beginning(at);
    const since = (value: number | null) => (value === null ? null : Math.round((value - time) * 10) / 10);
    const askedBy = this.askedBy(at.asked);
    return {
      kind: this.kind,
      time: Math.round(time),
      countedFrom,
      from: group.from,
      to: group.to,
      epoch: group.epoch,
      askedBy,
      cause: this.cause(askedBy),
      leader: leader?.sentinel ?? null,
      attempts: leader?.attempts ?? null,
      durationsMs: {
        detected: since(at.detected),
        agreed: since(at.agreed),
        asked: since(at.asked),
        elected: since(at.elected),
        promoted: since(at.promoted),
        switched: since(at.switched),
        firstWrite: since(at.firstWrite),
        reconfigured: since(at.reconfigured),
        back: since(at.back),
      },
      writeGapMs: this.gap(),
      chosen: this.chosen(at.promoted),
      sources: this.sources(at.promoted),
    };
  }

  private times(): At {
    const { stories, events } = this.group;
    const promoted = this.promotion()?.time ?? this.fromEvents("promoted") ?? this.leader?.promotedAt ?? null;
    const asked = earliest([...stories.map((each) => each.askedAt), ...events.map((each) => each.askedAt)]);
    return {
      detected: earliest([...stories.map((each) => each.downAt), asked]),
      agreed: earliest(stories.map((each) => each.agreedAt)),
      asked,
      elected: this.leader?.electedAt ?? this.fromEvents("elected"),
      promoted,
      switched: this.named() ?? this.fromEvents("switched") ?? this.fromEvents("spread"),
      firstWrite: this.fromEvents("firstWrite"),
      reconfigured: this.reconfigured(promoted) ?? this.fromEvents("reconfigured"),
      back: this.linked(this.group.from, promoted) ?? this.fromEvents("back"),
    };
  }

  private beginning(at: At): Pick<Failover, "time" | "countedFrom"> {
    const fault = this.kind === "switchover" ? null : this.fault(at);
    if (fault !== null) return { time: fault, countedFrom: "fault" };
    if (at.asked !== null && at.asked === at.detected) return { time: at.asked, countedFrom: "asked" };
    if (at.detected !== null) return { time: at.detected, countedFrom: "detected" };
    return { time: at.promoted ?? at.switched ?? this.group.at, countedFrom: "noticed" };
  }

  /** Who caused it knows; else the replicas lose their link in the moment in which the master's process ends. */
  private fault(at: At): number | null {
    const known = earliest(this.group.events.map((each) => each.faultAt));
    const noticed = earliest([at.detected, at.elected, at.promoted]);
    if (known !== null || noticed === null) return known;
    const others = this.topology.redis.nodes.filter((node) => node.id !== this.group.from);
    const lost = others.flatMap(({ id }) => {
      const last = this.own.findLast(
        (tale) =>
          tale.node === id && tale.time <= noticed && (tale.what === "lost" || tale.what === "linked"),
      );
      const recent = noticed - this.topology.sentinel.downAfterMs - SLACK_MS;
      return last?.what === "lost" && last.time >= recent ? [last.time] : [];
    });
    return lost.length === 0 ? null : Math.max(...lost);
  }

  private promotion(): NodeTale | null {
    const { to, at } = this.group;
    return (
      this.own.findLast(
        ({ node, what, time }) => node === to && what === "promoted" && time <= at + SLACK_MS,
      ) ?? null
    );
  }

  /** When a majority of the Sentinels named it. */
  private named(): number | null {
    const times = this.group.stories.map((each) => each.namedAt).sort((a, b) => a - b);
    return times[majority(this.topology) - 1] ?? null;
  }

  private linked(node: NodeId | null, promoted: number | null): number | null {
    const { to } = this.group;
    if (promoted === null) return null;
    const found = this.own.find(
      (tale) =>
        tale.node === node && tale.what === "linked" && tale.time >= promoted && (tale.to ?? to) === to,
    );
    return found?.time ?? null;
  }

  /** Null when one of them never was: there is no moment in which all were. */
  private reconfigured(promoted: number | null): number | null {
    const { from, to } = this.group;
    const others = this.topology.redis.nodes.filter(({ id }) => id !== from && id !== to);
    const times = others.map(({ id }) => this.linked(id, promoted));
    return times.length === 0 || times.includes(null) ? null : Math.max(...times.map(Number));
  }

  private fromEvents(name: string): number | null {
    for (const { faultAt, askedAt, durationsMs } of this.group.events) {
      const base = faultAt ?? askedAt;
      const ms = durationsMs?.[name];
      if (base !== undefined && ms !== undefined) return base + ms;
    }
    return null;
  }

  private gap(): number | null {
    const found = this.group.events.map(
      ({ durationsMs }) => durationsMs?.["writeGap"] ?? durationsMs?.["paused"],
    );
    return found.find((ms) => ms !== undefined) ?? null;
  }

  private askedBy(asked: number | null): string | null {
    const { events, stories } = this.group;
    const owned = events.find((each) => each.kind === "switchover" || each.askedAt !== undefined);
    if (owned !== undefined) return owned.by;
    if (asked === null) return stories.some((each) => each.leads) ? "sentinel" : null;
    const operation = this.bounds.operations.find(
      ({ kind, time, durationsMs }) =>
        kind === "operation" && asked <= time && asked >= time - (durationsMs?.["total"] ?? 0),
    );
    return operation?.by ?? "unknown";
  }

  private cause(askedBy: string | null): string {
    const { events, stories, from } = this.group;
    const told = events.flatMap((each) =>
      each.cause === undefined ? [] : [each.cause.split("\n")[0] ?? ""],
    );
    const own = events.some((each) => each.askedAt !== undefined || each.kind === "switchover");
    if (own) return [...new Set(told.filter((each) => each !== MOVED))].join("; ");
    const agreed = stories.find((each) => each.leads)?.agreed ?? stories.find((each) => each.agreed)?.agreed;
    const silence = `the Sentinels heard nothing of ${from ?? "the master"}`;
    const why =
      askedBy === "sentinel"
        ? [agreed == null ? silence : `${silence} (${agreed.replace("/", " agreed, ")} had to)`]
        : askedBy !== null
          ? ["SENTINEL FAILOVER was sent"]
          : [];
    const others = told.filter((each) => each !== MOVED);
    return [...why, ...others].join("; ") || MOVED;
  }

  private chosen(promoted: number | null): Failover["chosen"] {
    const { to, events } = this.group;
    const knows = (event: HistoryEvent) => event.candidates?.some((each) => each.node === to) === true;
    const event = events.find((each) => each.askedAt !== undefined && knows(each)) ?? events.find(knows);
    const candidates = event?.candidates ?? this.candidatesOfLogs(promoted);
    const choice = candidates === null || to === null ? null : whyChosen(candidates, to);
    return {
      rule: choice?.rule ?? null,
      why: choice?.why ?? null,
      behindBytes: candidates?.find((each) => each.node === to)?.lagBytes ?? null,
      candidates,
    };
  }

  /** What the nodes say of their own offsets when they change masters; none of them tells its priority. */
  private candidatesOfLogs(promoted: number | null): Candidate[] | null {
    const { from, to } = this.group;
    const forks = this.own.findLast(
      ({ node, what, time }) => node === to && what === "forks" && promoted !== null && time <= promoted,
    );
    if (forks?.what !== "forks" || to === null || promoted === null) return null;
    const nothing = { priority: null, runId: null, linked: null, lagBytes: null };
    const others = this.topology.redis.nodes
      .filter(({ id }) => id !== from && id !== to)
      .flatMap(({ id }): Candidate[] => {
        const asks = this.own.find(
          (tale) => tale.node === id && tale.what === "asks" && tale.time >= promoted,
        );
        const ofOneHistory = asks?.what === "asks" && asks.replId === forks.replId;
        return ofOneHistory ? [{ node: id, offset: asks.offset, ...nothing }] : [];
      });
    return [{ node: to, offset: forks.offset, ...nothing }, ...others];
  }

  private sources(promoted: number | null): string[] {
    const { events, stories } = this.group;
    const told = promoted !== null && this.promotion() !== null ? [this.group.to ?? ""] : [];
    return [...new Set([...events.map((each) => each.by), ...stories.map((each) => each.sentinel), ...told])];
  }
}

/** What the steward writes of a failover of which it knows no more. */
const MOVED = "the Sentinels moved the master";

function earliest(times: readonly (number | null | undefined)[]): number | null {
  const known = times.filter((time): time is number => time !== null && time !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}
