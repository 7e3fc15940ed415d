import { until } from "../../clock.ts";
import { explain, VedetteError } from "../../errors.ts";
import { findNode, type ClusterNode, type NodeId, type RedisNode } from "../../topology/model.ts";
import { bringBack, restart, stepDown } from "../bring-back.ts";
import { requireNode, type Context } from "../context.ts";
import { beforeSwitchover, switchoverLeased } from "../switchover.ts";
import type { Cast } from "./cast.ts";
import { CutOff } from "./cut-off.ts";
import { FullDisk } from "./full-disk.ts";
import type { DrillStep, Target } from "./scenario.ts";

type FaultStep = Exclude<DrillStep, { do: "await-other-master" | "let-pass" }>;

/** Makes the faults of one run, remembers each, and takes them all back. */
export class Faults {
  private readonly ended = new Set<NodeId>();
  private readonly frozen = new Set<NodeId>();
  private held = false;
  private stewardKilled = false;
  private unplugged = false;
  private readonly cutOff: CutOff;
  private readonly disk: FullDisk;

  constructor(
    private readonly ctx: Context,
    private readonly cast: Cast,
    private readonly master: RedisNode,
    /** The longest that the run may take: ms. Nobody may bring the master back as master meanwhile. */
    private readonly limitMs: number,
    private readonly lease: { token: number; signal: AbortSignal },
    private readonly note: (kind: "fault" | "heal", node: NodeId | null, text: string) => void,
  ) {
    this.cutOff = new CutOff(ctx, master);
    this.disk = new FullDisk(master);
  }

  /** Passwords that a client may need: the cluster's, and the one of a cut-off master. */
  passwords(): (string | null)[] {
    return this.cutOff.passwords();
  }

  /** Nodes whose failure is part of the run, so far. */
  touches(node: NodeId): boolean {
    const away = this.cutOff.active || this.unplugged;
    return this.ended.has(node) || this.frozen.has(node) || (node === this.master.id && away);
  }

  /** What must be there before the fault is made, so that the fault itself takes no time. */
  async prepare(step: FaultStep): Promise<void> {
    const ends = step.do === "kill" || step.do === "stop";
    // Nobody is to bring it back as master meanwhile: the lease keeps commands and the steward away, the hold
    // whoever starts the node past them. It expires by itself should we be killed.
    if (ends && step.target === "master") await this.hold(this.limitMs, "a drill has made it fail");
    if (step.do === "switchover") await this.awaitCalm();
  }

  async apply(step: FaultStep): Promise<void> {
    switch (step.do) {
      case "kill":
      case "stop":
        return this.end(step.do, step.target);
      case "hang":
        for (const node of this.nodes(step.target)) {
          this.frozen.add(node.id);
          await this.ctx.runtime.fault(node.id, "hang");
          this.note("fault", node.id, "frozen (SIGSTOP)");
        }
        return;
      case "continue":
        for (const node of this.nodes(step.target)) await this.goOn(node);
        return;
      case "start":
        for (const node of this.nodes(step.target)) await this.start(node, false);
        return;
      case "cut-off":
        this.note("fault", this.master.id, "cut off from replicas and Sentinels");
        return this.cutOff.begin();
      case "unplug":
        this.unplugged = true;
        await this.ctx.runtime.fault(this.master.id, "disconnect");
        this.note("fault", this.master.id, "taken out of the network");
        return;
      case "fill-disk":
        this.note("fault", this.master.id, "its disk is filled");
        return this.disk.fill();
      case "switchover":
        return this.switchOver();
      case "kill-steward":
        this.stewardKilled = true;
        await this.ctx.runtime.killSteward();
        this.note("fault", null, "the steward is killed (SIGKILL)");
    }
  }

  /**
   * Takes every fault back, whatever has happened meanwhile. `undecided`: the drill was cut short, and the Sentinels
   * may be in the middle of a decision; until then the old master must not come back as master.
   */
  async heal(undecided: boolean): Promise<void> {
    const failures: string[] = [];
    const attempt = async (what: string, heal: () => Promise<void>) => {
      try {
        await heal();
      } catch (error) {
        failures.push(`${what}: ${explain(error)}`);
      }
    };
    await attempt("making room on the disk", () => this.makeRoom());
    // Sentinels first: without them nothing may start as master.
    for (const node of this.endedNodes("sentinel"))
      await attempt(`starting ${node.id}`, () => this.start(node, false));
    for (const id of this.frozen) await attempt(`letting ${id} go on`, () => this.thaw(id));
    await attempt(`plugging ${this.master.id} in again`, () => this.plugIn());
    await attempt(`letting others reach ${this.master.id} again`, async () => this.rejoin());
    for (const node of this.endedNodes("redis"))
      await attempt(`starting ${node.id}`, () => this.start(node, undecided));
    if (this.stewardKilled) await attempt("starting the steward", () => this.startSteward());
    if (failures.length === 0) return;
    throw new VedetteError(
      `taking the drill's faults back:\n${failures.map((each) => `  ${each}`).join("\n")}`,
      {
        next: "vedette up, then vedette status",
      },
    );
  }

  /** The Sentinels have decided: the master of old may start as whatever they say. */
  async release(): Promise<void> {
    if (this.held) await this.ctx.runtime.releaseHold(this.master.id);
    this.held = false;
  }

  private async end(how: "kill" | "stop", target: Target): Promise<void> {
    const nodes = this.nodes(target);
    for (const node of nodes) this.ended.add(node.id);
    await Promise.all(nodes.map((node) => this.ctx.runtime.fault(node.id, how)));
    const text = how === "kill" ? "killed (SIGKILL)" : "stopped politely (SIGTERM)";
    for (const node of nodes) this.note("fault", node.id, text);
  }

  /** Soon after a move of the master the Sentinels are not sure enough for another. */
  private async awaitCalm(): Promise<void> {
    const { clock, topology } = this.ctx;
    const allowed = () => beforeSwitchover(this.ctx, null, true).catch(() => null);
    const deadlineMs = 5 * topology.sentinel.periods.publish;
    await until(allowed, { deadlineMs, everyMs: 100, clock, signal: this.lease.signal });
    this.lease.signal.throwIfAborted();
  }

  private async switchOver(): Promise<void> {
    this.note("fault", this.master.id, "is to hand over to the best replica");
    const { token, signal } = this.lease;
    const wish = { to: null, reason: "practised", by: "vedette drill switchover" };
    const { promoted, pausedMs } = await switchoverLeased(this.ctx, wish, token, signal);
    this.note("heal", promoted, `is master; writes were held back for ${Math.round(pausedMs)} ms`);
  }

  private async start(node: ClusterNode, undecided: boolean): Promise<void> {
    if (node.id === this.master.id && this.held) {
      if (undecided)
        await this.hold(this.ctx.topology.sentinel.downAfterMs + 5_000, "the Sentinels decide first");
      else await this.release();
    }
    await restart(this.ctx, node);
    this.ended.delete(node.id);
    this.note("heal", node.id, "started");
  }

  private async hold(ms: number, reason: string): Promise<void> {
    this.held = true;
    await this.ctx.runtime.hold(this.master.id, this.ctx.clock.now() + ms, reason);
  }

  private async goOn(node: ClusterNode): Promise<void> {
    await this.ctx.runtime.fault(node.id, "continue");
    this.frozen.delete(node.id);
    this.note("heal", node.id, "goes on (SIGCONT)");
  }

  private async thaw(id: NodeId): Promise<void> {
    const node = requireNode(this.ctx.topology, id);
    if (id !== this.master.id || node.kind !== "redis") return this.goOn(node);
    await bringBack(this.ctx, node, "hang");
    this.frozen.delete(id);
    this.note("heal", id, "goes on (SIGCONT), and is told who is master");
  }

  private async makeRoom(): Promise<void> {
    if (!(await this.disk.clear())) return;
    this.note("heal", this.master.id, "its disk has room again");
    await stepDown(this.ctx, this.master);
  }

  private async rejoin(): Promise<void> {
    if (!this.cutOff.active) return;
    await this.cutOff.end();
    this.note("heal", this.master.id, "within reach again");
    await stepDown(this.ctx, this.master);
  }

  private async plugIn(): Promise<void> {
    if (!this.unplugged) return;
    await this.ctx.runtime.fault(this.master.id, "reconnect");
    this.unplugged = false;
    this.note("heal", this.master.id, "in the network again");
    await stepDown(this.ctx, this.master);
  }

  private async startSteward(): Promise<void> {
    await this.ctx.runtime.startSteward();
    this.stewardKilled = false;
    this.note("heal", null, "the steward is started");
  }

  private nodes(target: Target): ClusterNode[] {
    return this.cast[target].map((id) => requireNode(this.ctx.topology, id));
  }

  private endedNodes(kind: ClusterNode["kind"]): ClusterNode[] {
    const nodes = [...this.ended].map((id) => findNode(this.ctx.topology, id));
    return nodes.filter((node) => node?.kind === kind).filter((node) => node !== null);
  }
}
