import { until } from "../clock.ts";
import { unsettled } from "../cluster/settled.ts";
import { pauseInForce } from "../cluster/pause.ts";
import type { NodeProcess, PauseSeen, Snapshot } from "../cluster/snapshot.ts";
import { explain } from "../errors.ts";
import { look, requireNode, underLease, type Context } from "../operations/context.ts";
import { endPause } from "../operations/end-pause.ts";
import { MOVED } from "../operations/failover-reasons.ts";
import { appendHistory, type HistoryEvent } from "../operations/history.ts";
import { concludeAbandoned } from "../operations/conclude-switchover.ts";
import { movedBySwitchover } from "../operations/switchover-record.ts";
import type { Positions } from "../runtimes/records.ts";
import { nodeAt, type NodeId } from "../topology/model.ts";
import { needsFreshest, provenFreshest } from "./freshest.ts";
import { Alarm } from "./alarm.ts";
import { notePositions, saysMore } from "./positions.ts";
import { configure } from "./configure.ts";
import { MasterWatch } from "./master-watch.ts";
import { confirmed, repairs, type Repair } from "./repairs.ts";
import { SentinelEars } from "./sentinel-ears.ts";
import { Spreader, type Spread } from "./spreader.ts";
import { Supervisor } from "./supervisor.ts";
import { TimingKeeper } from "./timing-keeper.ts";

/** What the steward needs from the place where the nodes run, beside the runtime interface. */
export interface StewardPlace {
  history: string;
  /** False once another steward, or nobody, holds the cluster: then we stop. */
  stillOurs(): boolean;
  endingOf(node: NodeId): string | null;
  readPositions(): Positions | null;
  writePositions(positions: Positions): void;
  noteGaveUp(node: NodeId, why: string): void;
  rotateLogs(): void;
}

/** How often processes are looked at, and how often the whole cluster: ms. */
const PASS_MS = 500;
const LOOK_MS = 1_000;
/** While the cluster is whole there is less to see, and looking is most of what the steward costs: ms. */
const CALM_LOOK_MS = 2_000;
const HOUSEKEEPING_MS = 10_000;

/** A pass that comes this late means that we were frozen or the clock jumped: then everybody looks dead. */
const TILT_MS = 3_000;

/** Between the end of its connections and the end of a process: ms. A large one frees its memory meanwhile. */
const DYING_MS = 250;

/**
 * The steward: watches every process and the whole cluster, brings back what ended, writes down what happened.
 *
 * It decides nothing about who is master. As Sentinel does, it observes always and acts conditionally: after a
 * freeze of its own it looks once more before it acts.
 */
export class Steward {
  private readonly supervisor: Supervisor;
  private readonly masterWatch: MasterWatch;
  private readonly timing: TimingKeeper;
  /** Null when decisions are not to be spread. */
  private readonly ears: SentinelEars | null;
  /** Ends the rest between two passes. */
  private readonly alarm: Alarm;
  /** A connection to the master has ended: its process may have, too. */
  private hinted = false;
  /** The master of a failover that we have told of already. */
  private told: NodeId | null = null;
  private snapshot: Snapshot | null = null;
  private wishes: Repair[] = [];
  private positions: Positions | null;
  private lastPass: number;
  private lastLook = -Infinity;
  private lookEveryMs = LOOK_MS;
  private lastPids = "";
  private lastHousekeeping = -Infinity;

  constructor(
    private readonly ctx: Context,
    private readonly place: StewardPlace,
  ) {
    this.positions = place.readPositions();
    this.lastPass = ctx.clock.monotonic();
    this.alarm = new Alarm(ctx.clock);
    this.masterWatch = new MasterWatch(ctx);
    this.timing = new TimingKeeper(ctx);
    this.ears = ctx.topology.failover.spread ? this.spreadingEars() : null;
    this.supervisor = new Supervisor(ctx, this.supervisorEvents(), (node) => place.endingOf(node));
  }

  /** Runs until `signal` aborts or the cluster is no longer ours. */
  async run(signal: AbortSignal): Promise<void> {
    this.remember({ kind: "steward", cause: "started" });
    while (!signal.aborted && this.place.stillOurs()) {
      await this.pass();
      await this.alarm.rest(PASS_MS, signal);
    }
    this.ears?.close();
    if (this.place.stillOurs()) this.remember({ kind: "steward", cause: "stopped" });
  }

  /** Told that something has happened to a node's process. */
  processChanged(): void {
    this.alarm.ring();
  }

  /** Told that a kept connection has ended. Only a hint: what counts is whether the process is there. */
  connectionEnded(host: string, port: number): void {
    if (nodeAt(this.ctx.topology, host, port)?.id === this.snapshot?.master?.node) this.hinted = true;
    this.alarm.ring();
  }

  /** The master has moved: until we have looked we would not know its successor's death for what it is. */
  private lookSoon(): void {
    this.lastLook = -Infinity;
    this.alarm.ring();
  }

  private async pass(): Promise<void> {
    const now = this.ctx.clock.monotonic();
    const tilted = now - this.lastPass > TILT_MS;
    if (tilted) this.ctx.report("was frozen or the clock jumped: looks again before it acts");
    try {
      const processes = await this.processes();
      await this.react(processes, tilted);
      const pids = processes.map((each) => each.pid).join();
      if (tilted || pids !== this.lastPids || now - this.lastLook >= this.lookEveryMs)
        await this.lookAround(processes, tilted);
      this.lastPids = pids;
      const held = (await this.heldBy()) !== null;
      await this.supervisor.pass(processes, this.snapshot, !tilted && !held && this.snapshot !== null);
      if (now - this.lastHousekeeping >= HOUSEKEEPING_MS) this.keepHouse(now);
    } catch (error) {
      // A full disk must not end supervision.
      this.ctx.report(`this pass failed: ${explain(error)}`);
    }
    // A pass that takes long because it waits for others is no freeze of ours.
    this.lastPass = this.ctx.clock.monotonic();
  }

  /** The pause in force. One that is over is put back here, unless an operation is at work, which does so itself. */
  private async heldBy(): Promise<PauseSeen | null> {
    const { runtime, clock } = this.ctx;
    const record = await runtime.pause();
    if (record === null || clock.now() < record.until) return pauseInForce(record, clock.now());
    if ((await runtime.operation()) !== null) return null;
    try {
      await underLease(this.ctx, "resume", () => endPause(this.ctx, "steward"));
    } catch (error) {
      this.ctx.report(`could not end the pause yet: ${explain(error)}`);
    }
    return null;
  }

  /** A process closes its connections a moment before it is gone. */
  private async processes(): Promise<NodeProcess[]> {
    const inspect = () => this.ctx.runtime.inspect();
    if (!this.hinted) return inspect();
    this.hinted = false;
    const ended = async () => this.masterWatch.ended(await inspect());
    await until(ended, { deadlineMs: DYING_MS, everyMs: 2, clock: this.ctx.clock });
    return inspect();
  }

  private async react(processes: readonly NodeProcess[], tilted: boolean): Promise<void> {
    const reaction = await this.masterWatch.react(processes, tilted);
    if (reaction === null) return;
    this.lastLook = -Infinity;
    const { from } = reaction;
    if ("left" in reaction) {
      this.ctx.report(`the master ${from} has ended; left to Sentinel's own pace: ${reaction.left}`);
      return;
    }
    const { promoted: to, epoch, askedAt, durationsMs } = reaction.hastened;
    this.told = to;
    this.remember({
      kind: "failover",
      from,
      to,
      epoch,
      askedAt,
      durationsMs,
      candidates: reaction.candidates,
      cause: "its process ended, Sentinel was asked at once",
    });
  }

  private async lookAround(processes: readonly NodeProcess[], tilted: boolean): Promise<void> {
    this.lastLook = this.ctx.clock.monotonic();
    void this.ears?.listen();
    const snapshot = await look(this.ctx);
    this.noticeMaster(snapshot);
    this.snapshot = snapshot;
    this.masterWatch.note(snapshot, processes);
    this.lookEveryMs = unsettled(this.ctx.topology, snapshot).length === 0 ? CALM_LOOK_MS : LOOK_MS;
    await this.notePositions(snapshot);
    const wishes = repairs(this.ctx.topology, snapshot);
    // An operation sets priorities and periods of its own and takes them back.
    if (!tilted && snapshot.operation === null) await this.timing.keep(snapshot);
    if (!tilted && snapshot.operation === null && snapshot.pause === null) {
      for (const repair of confirmed(this.wishes, wishes)) await this.repair(repair);
      await this.helpFreshest(snapshot);
    }
    this.wishes = wishes;
    if (!tilted && snapshot.operation === null) await this.endSwitchover(snapshot);
  }

  /** One whose command died: what it changed must not stay. */
  private async endSwitchover(snapshot: Snapshot): Promise<void> {
    const told = await concludeAbandoned(this.ctx, snapshot);
    if (told !== null) this.remember({ kind: "config", cause: told });
  }

  private noticeMaster(snapshot: Snapshot): void {
    const from = this.snapshot?.master?.node ?? this.positions?.master ?? null;
    const to = snapshot.master?.node ?? null;
    if (from === null || to === null || from === to) return;
    if (movedBySwitchover(this.ctx.topology, from, to)) return; // it writes its own event
    if (to === this.told) {
      this.told = null;
      return;
    }
    const { epoch } = snapshot;
    const candidates = this.masterWatch.candidates(from, to, this.snapshot) ?? undefined;
    this.remember({ kind: "failover", from, to, epoch, cause: MOVED, ...(candidates && { candidates }) });
  }

  private async notePositions(snapshot: Snapshot): Promise<void> {
    const next = notePositions(this.positions, snapshot, await this.ctx.runtime.dataSets());
    if (saysMore(this.positions, next)) this.place.writePositions(next);
    this.positions = next;
  }

  private async repair(repair: Repair): Promise<void> {
    await configure(this.ctx, repair.node, repair.settings);
    this.ctx.report(`${repair.node}: set ${repair.settings.join(" ")}: ${repair.why}`);
  }

  private async helpFreshest(snapshot: Snapshot): Promise<void> {
    if (!needsFreshest(this.ctx.topology, snapshot)) return;
    const records = await this.ctx.runtime.records();
    for (const id of provenFreshest(this.ctx.topology, snapshot, { ...records, positions: this.positions })) {
      const node = requireNode(this.ctx.topology, id);
      if (node.kind !== "redis") continue;
      await configure(this.ctx, id, ["replica-priority", String(node.priority)]);
      const cause = "may be promoted: by the recorded positions no surviving node holds newer data";
      this.remember({ kind: "config", node: id, epoch: snapshot.epoch, cause });
    }
  }

  private keepHouse(now: number): void {
    this.lastHousekeeping = now;
    this.place.rotateLogs();
  }

  private spreadingEars(): SentinelEars {
    const spreader = new Spreader(this.ctx, {
      lastLook: () => this.snapshot,
      spreading: (to) => (this.told = to),
      spread: (done) => this.rememberSpread(done),
    });
    return new SentinelEars(
      this.ctx,
      (heard) => {
        if (heard.event.kind === "switch-master") this.lookSoon();
        spreader.hear(heard);
      },
      (sentinel) => spreader.forget(sentinel),
    );
  }

  private rememberSpread({ leader, from, to, epoch, durationsMs }: Spread): void {
    const cause = `the Sentinels moved the master (${leader} led), and their decision was spread at once`;
    this.remember({ kind: "failover", from, to, epoch, durationsMs, cause });
    this.lookSoon();
  }

  private supervisorEvents() {
    return {
      down: (node: NodeId, cause: string) => this.remember({ kind: "node-down", node, cause }),
      up: (node: NodeId, pid: number) => this.remember({ kind: "node-up", node, cause: `pid ${pid}` }),
      gaveUp: (node: NodeId, why: string) => {
        this.place.noteGaveUp(node, why);
        this.remember({ kind: "gave-up", node, cause: why });
      },
      failed: (node: NodeId, why: string) => this.ctx.report(`could not restart ${node}: ${why}`),
    };
  }

  private remember(event: Omit<HistoryEvent, "time" | "by">): void {
    // The state was deleted under us: it must not come back because we had something to write down.
    if (!this.place.stillOurs()) return;
    appendHistory(this.place.history, { time: this.ctx.clock.now(), ...event, by: "steward" });
    this.ctx.report(
      [event.kind, event.node, event.from && `${event.from} -> ${event.to}`, event.cause]
        .filter(Boolean)
        .join(" "),
    );
  }
}
