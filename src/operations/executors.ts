import { until } from "../clock.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { unsettled } from "../cluster/settled.ts";
import { VedetteError } from "../errors.ts";
import { look, requireNode, withNode, type Context } from "./context.ts";
import { settleDownAfter } from "./end-pause.ts";
import { flushDatabases } from "./flush.ts";
import { restoreSettings } from "./conclude-switchover.ts";
import { moveMaster } from "./move-master.ts";
import { prefer } from "./prefer.ts";
import { cutPause, endPauseStep, raiseDownAfter, timePause } from "./pause-steps.ts";
import { promoteOnly } from "./promote-only.ts";
import { reconfigure } from "./reconfigure.ts";
import { awaitSynced } from "./synced.ts";
import { resetSentinel } from "./reset-sentinel.ts";
import { hurrySentinels, setPeriods } from "./sentinel-periods.ts";
import { belonging, type Condition, type StepKind, type StepOf } from "./steps.ts";

type Executors = { [K in StepKind]: (ctx: Context, step: StepOf<K>) => Promise<void> };

/** A SAVE of a large data set on a slow disk takes minutes: ms. */
const SAVE_DEADLINE_MS = 600_000;

/** Who carries out each kind of step. The compiler asks for the missing one. */
export const executors: Executors = {
  "claim-state": async (ctx) => ctx.runtime.claimState(),
  prepare: async (ctx, step) => ctx.runtime.prepare(step.node, step.first),
  want: async (ctx, step) => ctx.runtime.want(Object.fromEntries(step.nodes.map((node) => [node, step.up]))),
  forget: async (ctx, step) => ctx.runtime.forget(step.node),
  start: async (ctx, step) => {
    const { pid, already } = await ctx.runtime.start(step.node, { force: step.force });
    ctx.report(already ? `${step.node} runs already (pid ${pid})` : `${step.node} started (pid ${pid})`);
  },
  stop: async (ctx, step) => {
    const result = await ctx.runtime.stop(step.node, step.mode, step.deadlineMs);
    if (result.how === "graceful") ctx.report(`${step.node} stopped (${result.ms} ms)`);
    else if (result.how === "killed") ctx.report(`${step.node} killed (${result.ms} ms)`);
  },
  "save-before-stop": async (ctx, step) => {
    const process = (await ctx.runtime.inspect()).find((each) => each.node === step.node);
    if (process?.state !== "running") return; // stopped, or waiting to start: it holds nothing
    await withNode(
      ctx,
      requireNode(ctx.topology, step.node),
      (redis) => redis.call("SAVE"),
      SAVE_DEADLINE_MS,
    );
  },
  reconfigure: async (ctx, step) => reconfigure(ctx, step.node),
  "start-steward": async (ctx) => {
    const { pid, already } = await ctx.runtime.startSteward();
    ctx.report(already ? `the steward runs already (pid ${pid})` : `the steward started (pid ${pid})`);
  },
  "stop-steward": async (ctx, step) => ctx.runtime.stopSteward(step.deadlineMs),
  "hurry-sentinels": hurrySentinels,
  "set-periods": setPeriods,
  prefer: async (ctx, step) => prefer(ctx, step.node),
  "move-master": moveMaster,
  "restore-settings": restoreSettings,
  "set-down-after": async (ctx) => settleDownAfter(ctx, "vedette up"),
  "note-pause": async (ctx, step) => ctx.runtime.notePause(step.record),
  "time-pause": timePause,
  "raise-down-after": async (ctx, step) => raiseDownAfter(ctx, step.ms),
  "cut-pause": cutPause,
  "end-pause": endPauseStep,
  "reset-sentinel": async (ctx, step) => resetSentinel(ctx, step.node),
  rest: async (ctx, step) => ctx.clock.sleep(step.ms),
  "set-aside": async (ctx, step) => {
    ctx.report(`the old data of ${step.node} is in ${await ctx.runtime.setAside(step.node, step.stamp)}`);
  },
  "await-synced": async (ctx, step) => awaitSynced(ctx, step.node, step.deadlineMs),
  "delete-aside": async (ctx, step) => ctx.runtime.deleteAside(step.node),
  "promote-only": async (ctx, step) => promoteOnly(ctx, step.node),
  await: async (ctx, step) => waitFor(ctx, step.condition, step.deadlineMs),
  delete: async (ctx, step) => {
    await ctx.runtime.delete(step.what);
    ctx.report(`deleted ${belonging(step.what)}`);
  },
  flush: async (ctx, step) => flushDatabases(ctx, step.node, step.databases),
};

/** What is missing is said only when it has been waited for this long, and then no more often: ms. */
const PATIENCE_MS = 1_500;

/** Waits for a condition; at the deadline it says what is missing, node by node. */
async function waitFor(ctx: Context, condition: Condition, deadlineMs: number): Promise<void> {
  let missing: string[] = [];
  let saidAt = ctx.clock.monotonic();
  const met = await until(
    async () => {
      missing = missingFor(ctx, condition, await look(ctx));
      if (missing[0] !== undefined && ctx.clock.monotonic() - saidAt > PATIENCE_MS) {
        saidAt = ctx.clock.monotonic();
        ctx.report(`waiting: ${missing[0]}${more(missing.length - 1)}`);
      }
      return missing.length === 0;
    },
    { deadlineMs, everyMs: 50, clock: ctx.clock },
  );
  if (met !== null) return;
  const lines = missing.map((line) => `\n  ${line}`).join("");
  throw new VedetteError(`waiting for cluster ${ctx.topology.name}: after ${deadlineMs / 1000} s${lines}`, {
    next: "type `vedette status` for the whole picture, `vedette logs NODE` for one node's story",
  });
}

function missingFor(ctx: Context, condition: Condition, snapshot: Snapshot): string[] {
  if (condition === "settled") return unsettled(ctx.topology, snapshot);
  const silent = snapshot.sentinels.filter((each) => !each.up);
  return silent.map((each) => `${each.node}: ${each.reason ?? "no answer"}`);
}

function more(count: number): string {
  return count > 0 ? ` (and ${count} more)` : "";
}
