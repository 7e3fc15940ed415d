import { randomUUID } from "node:crypto";
import type { PauseRecord } from "../runtimes/runtime.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { explain, VedetteError } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { assertCan, besideUs } from "./allowed.ts";
import { look, underLease, type Context } from "./context.ts";
import { tellDownAfter } from "./down-after.ts";
import { bridgeDeadlineMs, endPause } from "./end-pause.ts";
import { appendHistory, historyFile } from "./history.ts";
import { pauseWanted, planPause, planResume, type PauseWish } from "./plan-pause.ts";
import { run } from "./runner.ts";
import type { Step } from "./steps.ts";

export interface Paused {
  record: PauseRecord;
  steps: Step[];
  /** Sentinels without a process: they are told when they start. */
  down: NodeId[];
  /** Sentinels whose down-after was not the topology's before. */
  byHand: { node: NodeId; ms: number }[];
}

/** What `pause` would do now. Throws when it is not allowed; nothing was touched then. */
export async function beforePause(ctx: Context, wish: PauseWish): Promise<Paused> {
  return plan(ctx, await look(ctx), wish);
}

/** Holds failover and the steward for a while. A pause that lasts is replaced. */
export async function pause(ctx: Context, wish: PauseWish): Promise<Paused> {
  return underLease(ctx, "pause", async (token) => {
    await endPause(ctx, "vedette pause");
    const before = await ctx.runtime.pause();
    const paused = await plan(ctx, besideUs(await look(ctx)), wish);
    try {
      await run(ctx, "pause", token, paused.steps);
    } catch (error) {
      await takeBack(ctx, before, error);
    }
    remember(ctx, paused.record);
    return paused;
  });
}

/** Ends the pause. Returns what could not be put back yet, one sentence each, and null when there was no pause. */
export async function resume(ctx: Context): Promise<string[] | null> {
  return underLease(ctx, "resume", async (token) => {
    if ((await ctx.runtime.pause()) === null) return null;
    await run(ctx, "resume", token, planResume());
    const left = await ctx.runtime.pause();
    return left === null ? [] : endPause(ctx, "vedette resume");
  });
}

/** For the timer: puts a pause back whose time is over. Null when there is no such one. */
export async function resumeExpired(ctx: Context): Promise<string[] | null> {
  const record = await ctx.runtime.pause();
  if (record === null || ctx.clock.now() < record.until) return null;
  return underLease(ctx, "resume", () => endPause(ctx, "the pause's timer", bridgeDeadlineMs(ctx.topology)));
}

async function plan(ctx: Context, snapshot: Snapshot, wish: PauseWish): Promise<Paused> {
  const { topology, clock, runtime } = ctx;
  assertCan(ctx, snapshot, { operation: "pause" }, `pausing ${topology.name}`);
  const before = await runtime.pause();
  const record = pauseWanted(snapshot, before, wish, clock.now(), randomUUID());
  const byHand = Object.entries(record.previous).flatMap(([node, ms]) =>
    ms === null || ms === topology.sentinel.downAfterMs ? [] : [{ node, ms }],
  );
  const down = snapshot.sentinels.filter((each) => !each.up).map((each) => each.node);
  return { record, steps: planPause(topology, record), down, byHand };
}

/** A pause that only some Sentinels keep is none. What was in force before is in force again. */
async function takeBack(ctx: Context, before: PauseRecord | null, error: unknown): Promise<never> {
  if (before === null) {
    const record = await ctx.runtime.pause();
    if (record !== null) await ctx.runtime.notePause({ ...record, until: ctx.clock.now(), cut: true });
    await endPause(ctx, "vedette pause");
  } else {
    await ctx.runtime.notePause(before);
    await ctx.runtime.timePause();
    await tellDownAfter(ctx, before.until - before.since);
  }
  const state = before === null ? "nothing is paused" : "the earlier pause stays";
  throw new VedetteError(`${explain(error)}; ${state}`, {
    cause: error,
    next: "vedette sentinel-status, then pause again",
  });
}

function remember(ctx: Context, { by, reason, since, until }: PauseRecord): void {
  const now = ctx.clock.now();
  const more = since < now - 1000 ? "extended" : "asked for";
  appendHistory(historyFile(ctx.topology), {
    time: now,
    kind: "pause",
    cause: `${more} by ${by}${reason === "" ? "" : `: ${reason}`}`,
    durationsMs: { length: until - since },
    by: "vedette pause",
  });
}
