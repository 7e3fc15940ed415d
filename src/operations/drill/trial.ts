import { until } from "../../clock.ts";
import { unsettled } from "../../cluster/settled.ts";
import type { Address, Snapshot } from "../../cluster/snapshot.ts";
import { nameAt } from "../../cluster/view.ts";
import { explain, VedetteError } from "../../errors.ts";
import type { RedisNode } from "../../topology/model.ts";
import { isCalm } from "../bring-back.ts";
import { look, type Context } from "../context.ts";
import { writeGap, type FailoverMarks } from "../failover-marks.ts";
import { failoverDeadlineMs } from "../failover-trial.ts";
import { follows } from "../follows.ts";
import { SETTLE_DEADLINE_MS } from "../plan-up.ts";
import { hurrySentinels, setPeriods } from "../sentinel-periods.ts";
import type { Faults } from "./faults.ts";
import { spanMs, type DrillStep, type Scenario } from "./scenario.ts";
import type { Stage } from "./stage.ts";

/** Writes of each client before the fault: they show what is usual. */
const WARM_UP_WRITES = 60;
const WARM_UP_DEADLINE_MS = 10_000;
/** Writes, all clients together, after the cluster is whole: they show that it is usual again. */
const COOL_DOWN_WRITES = 100;

/** What came of the steps of a scenario. */
export interface Outcome {
  completed: boolean;
  missing: string[];
  marks: Pick<FailoverMarks, "switchedMs" | "reconfiguredMs" | "backMs">;
  /** When the master was made to fail, or whoever fails first: monotonic ms. */
  faultAt: number;
}

/** Runs the steps of a scenario on a stage that is set, and takes every fault back whatever happens. */
export class DrillTrial {
  private faultAt = Infinity;
  private readonly marks: Outcome["marks"] = { switchedMs: null, reconfiguredMs: null, backMs: null };

  constructor(
    private readonly ctx: Context,
    private readonly scenario: Scenario,
    private readonly old: RedisNode,
    private readonly stage: Stage,
    private readonly faults: Faults,
    private readonly signal: AbortSignal,
    private readonly doing: string,
  ) {}

  async run(): Promise<Outcome> {
    const { stage, faults } = this;
    const warm = await this.wait(async () => stage.workload.isWarm(WARM_UP_WRITES), WARM_UP_DEADLINE_MS);
    if (!warm) throw new VedetteError(`${this.doing}: ${this.old.id} takes no writes; nothing was touched`);
    let completed = true;
    try {
      for (const step of this.scenario.steps) {
        completed = await this.take(step);
        if (!completed) break;
      }
    } catch (error) {
      await this.healAfter(error);
      throw error;
    }
    await faults.heal(false);
    const missing = await this.becomeWhole();
    return { completed, missing, marks: this.marks, faultAt: this.faultAt };
  }

  /** False when what the step waits for did not come true in time. */
  private async take(step: DrillStep): Promise<boolean> {
    if (step.do === "let-pass") {
      await this.ctx.clock.sleep(spanMs(step.span, this.ctx.topology.sentinel.downAfterMs), this.signal);
      this.signal.throwIfAborted();
      return true;
    }
    if (step.do === "await-other-master") return this.awaitOtherMaster();
    await this.faults.prepare(step);
    this.noteFault(step);
    await this.faults.apply(step);
    return true;
  }

  private noteFault(step: DrillStep): void {
    const now = this.ctx.clock.monotonic();
    this.stage.zeroAt = Math.min(this.stage.zeroAt, now);
    const first = this.faultAt === Infinity;
    const masterFails =
      "target" in step && step.target === "master" && ["kill", "stop", "hang"].includes(step.do);
    if (first || masterFails) this.faultAt = now;
  }

  private async awaitOtherMaster(): Promise<boolean> {
    const limitMs = failoverDeadlineMs(this.ctx);
    const named = await this.wait(async () => this.otherMaster(), limitMs);
    if (named === null) return false;
    this.marks.switchedMs = this.since();
    const old = { host: this.old.host, port: this.old.port };
    const wrote = async () => writeGap(this.stage.workload.recent(), old, this.faultAt).firstAfterMs !== null;
    const [took] = await Promise.all([this.wait(wrote, limitMs), this.othersFollow(named, limitMs)]);
    return took === true;
  }

  private otherMaster(): Address | null {
    const named = this.stage.compass.majority();
    const isOld = named?.host === this.old.host && named.port === this.old.port;
    return named === null || isOld ? null : named;
  }

  private async othersFollow(master: Address, limitMs: number): Promise<void> {
    const promoted = nameAt(this.ctx.topology, master);
    const others = this.ctx.topology.redis.nodes.filter(
      (node) => node.id !== promoted && node.id !== this.old.id && !this.faults.touches(node.id),
    );
    const following = await Promise.all(
      others.map((node) => this.wait(() => follows(this.ctx, node, master), limitMs)),
    );
    if (following.every((each) => each === true)) this.marks.reconfiguredMs = this.since();
  }

  /** After an interruption or a failure; the error that led here is told together with what goes wrong now. */
  private async healAfter(error: unknown): Promise<void> {
    const { ctx } = this;
    try {
      await this.faults.heal(this.otherMaster() === null);
      ctx.report("every fault is taken back; waiting until there is a master that takes writes");
      await this.writableAgain();
    } catch (failure) {
      throw new VedetteError(`${explain(error)}; then ${explain(failure)}`, {
        cause: failure,
        next: "vedette up, then vedette status",
      });
    }
  }

  private async writableAgain(): Promise<void> {
    const { ctx, stage } = this;
    const from = stage.workload.acknowledged;
    const deadlineMs = failoverDeadlineMs(ctx);
    const back = async () => isCalm(await look(ctx)) && stage.workload.acknowledged > from;
    const calm = await until(back, { deadlineMs, everyMs: 20, clock: ctx.clock });
    if (calm !== null) return this.faults.release();
    ctx.report(`no master takes writes after ${deadlineMs / 1000} s: type \`vedette status\``);
  }

  /** Waits until the cluster is whole, as it was before. Returns what is missing at the deadline. */
  private async becomeWhole(): Promise<string[]> {
    const { ctx, stage } = this;
    let missing: string[] = [];
    await hurrySentinels(ctx);
    try {
      await this.wait(async () => {
        missing = unsettled(ctx.topology, await look(ctx));
        return missing.length === 0;
      }, SETTLE_DEADLINE_MS);
    } finally {
      await setPeriods(ctx);
    }
    if (missing.length > 0) return missing;
    this.marks.backMs = this.since();
    stage.tell({ node: null, kind: "heal", text: "the cluster is whole again", channel: null });
    const enough = stage.workload.acknowledged + COOL_DOWN_WRITES;
    await this.wait(async () => stage.workload.acknowledged >= enough, WARM_UP_DEADLINE_MS);
    return [];
  }

  private since(): number {
    return Math.round((this.ctx.clock.monotonic() - this.faultAt) * 10) / 10;
  }

  /** As `until`, but an interruption is an error. */
  private async wait<T>(condition: () => Promise<T | null | false>, deadlineMs: number): Promise<T | null> {
    const { clock } = this.ctx;
    const met = await until(condition, { deadlineMs, everyMs: 10, clock, signal: this.signal });
    this.signal.throwIfAborted();
    return met;
  }
}

/** The cluster as a drill must find it, or a refusal with everything that is missing. */
export async function proveHealth(ctx: Context, doing: string, deadlineMs: number): Promise<Snapshot> {
  let missing: string[] = [];
  const healthy = await until(
    async () => {
      const snapshot = await look(ctx);
      missing = unsettled(ctx.topology, snapshot);
      return missing.length === 0 ? snapshot : null;
    },
    { deadlineMs, everyMs: 100, clock: ctx.clock },
  );
  if (healthy !== null) return healthy;
  const list = missing.map((line) => `  ${line}`).join("\n");
  throw new VedetteError(`${doing}: the cluster is not whole; nothing was touched\n${list}`, {
    next: "vedette up, then vedette health",
  });
}
