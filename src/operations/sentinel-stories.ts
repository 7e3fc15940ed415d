import { nameAt } from "../cluster/view.ts";
import { parseEvent, type SentinelEvent } from "../redis/events.ts";
import type { NodeId, Topology } from "../topology/model.ts";
import type { LogLine } from "./log-lines.ts";

/** One move of the master as one Sentinel logged it. Times are wall clock ms; null is what it did not log. */
export interface SentinelStory {
  sentinel: NodeId;
  from: NodeId;
  to: NodeId;
  epoch: number | null;
  /** It led the failover: its epoch is certain, others may have heard of a later one meanwhile. */
  leads: boolean;
  /** It held the master for down (s_down), and a quorum agreed (o_down). */
  downAt: number | null;
  agreedAt: number | null;
  /** `3/2`: how many agreed, of how many needed. */
  agreed: string | null;
  /** It was asked for this failover (SENTINEL FAILOVER). */
  askedAt: number | null;
  triedAt: number | null;
  electedAt: number | null;
  /** How many attempts it made itself, this one included. */
  attempts: number;
  /** It saw the replica answer as master. */
  promotedAt: number | null;
  /** From then on it told clients the new master. */
  namedAt: number;
}

/** What of a Sentinel's log belongs to its story. */
export const SENTINEL_LINE = /[*#] (?:[+-][a-z]|Executing user requested FAILOVER)/;

type Draft = Omit<SentinelStory, "sentinel" | "from" | "to" | "namedAt"> & {
  from: NodeId | null;
  to: NodeId | null;
};

/** The moves of this topology's master that a Sentinel's log tells, oldest first. */
export function sentinelStories(topology: Topology, lines: readonly LogLine[]): SentinelStory[] {
  const sentinels = [...new Set(lines.map((line) => line.node))];
  return sentinels.flatMap((id) => new Reader(topology, id).read(lines.filter((line) => line.node === id)));
}

/** The event that a log line tells, or null. */
export function eventOfLine({ message }: LogLine): SentinelEvent | null {
  if (!/^[+-][a-z]/.test(message)) return null;
  const [channel = "", ...words] = message.split(" ");
  return parseEvent(channel, words.join(" "));
}

class Reader {
  private readonly stories: SentinelStory[] = [];
  private epoch: number | null = null;
  private draft: Draft = empty(0);

  constructor(
    private readonly topology: Topology,
    private readonly sentinel: NodeId,
  ) {}

  read(lines: readonly LogLine[]): SentinelStory[] {
    for (const line of lines) {
      if (line.time === null) continue;
      const event = eventOfLine(line);
      if (event !== null) this.note(event, line.time);
      else if (line.message === `Executing user requested FAILOVER of '${this.topology.name}'`)
        this.draft.askedAt = line.time;
    }
    // It names the promoted replica before it has ended the failover.
    const { from, to, promotedAt } = this.draft;
    if (from !== null && to !== null && promotedAt !== null) this.tell(from, to, promotedAt);
    return this.stories;
  }

  private note(event: SentinelEvent, time: number): void {
    if (event.kind === "epoch") this.epoch = event.epoch;
    if (event.kind === "switch-master" && event.name === this.topology.name)
      this.tell(nameAt(this.topology, event.from), nameAt(this.topology, event.to), time);
    if (event.kind === "instance" && event.master.name === this.topology.name) this.noteInstance(event, time);
  }

  private noteInstance(event: SentinelEvent & { kind: "instance" }, time: number): void {
    const { draft } = this;
    const aboutMaster = event.instance === "master";
    switch (event.channel) {
      case "+sdown":
        if (aboutMaster) draft.downAt ??= time;
        break;
      case "-sdown":
        // The old master answers again, as a replica, before a failover under way has ended.
        if (aboutMaster && draft.triedAt === null) Object.assign(draft, { downAt: null, agreedAt: null });
        break;
      case "+odown":
        draft.agreedAt ??= time;
        draft.agreed ??= /#quorum (\d+\/\d+)/.exec(event.detail ?? "")?.[1] ?? null;
        break;
      case "+try-failover":
        draft.triedAt = time;
        draft.attempts += 1;
        draft.epoch = this.epoch;
        break;
      case "+elected-leader":
        draft.electedAt = time;
        draft.leads = true;
        break;
      case "+selected-slave":
        draft.from = nameAt(this.topology, event.master.address);
        draft.to = nameAt(this.topology, event.address);
        break;
      case "+promoted-slave":
        draft.promotedAt = time;
        break;
      default:
        if (event.channel.startsWith("-failover-abort")) this.abort();
    }
  }

  private abort(): void {
    const { downAt, agreedAt, agreed, attempts } = this.draft;
    this.draft = { ...empty(attempts), downAt, agreedAt, agreed };
  }

  private tell(from: NodeId, to: NodeId, time: number): void {
    const { draft } = this;
    const leads = draft.leads && draft.to === to;
    this.stories.push({
      ...draft,
      sentinel: this.sentinel,
      from,
      to,
      leads,
      epoch: leads ? draft.epoch : this.epoch,
      namedAt: leads ? (draft.promotedAt ?? time) : time,
    });
    this.draft = empty(0);
  }
}

function empty(attempts: number): Draft {
  return {
    from: null,
    to: null,
    epoch: null,
    leads: false,
    downAt: null,
    agreedAt: null,
    agreed: null,
    askedAt: null,
    triedAt: null,
    electedAt: null,
    attempts,
    promotedAt: null,
  };
}
