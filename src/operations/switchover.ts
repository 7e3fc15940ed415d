import { viewOf } from "../cluster/view.ts";
import { explain, VedetteError } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { assertCan, besideUs } from "./allowed.ts";
import { concludeSwitchover } from "./conclude-switchover.ts";
import { look, underLease, type Context } from "./context.ts";
import { appendHistory, historyFile, readHistory } from "./history.ts";
import { planSwitchover, type SwitchoverPlan } from "./plan-switchover.ts";
import { run } from "./runner.ts";
import { readSwitchover, writeSwitchover, type Moved, type SwitchoverRecord } from "./switchover-record.ts";

/** The name under which a switchover holds the lease. */
export const SWITCHOVER = "switchover";

export interface SwitchoverWish {
  /** Null: the best replica. */
  to: NodeId | null;
  reason: string | null;
  /** Who asked, for the history. */
  by?: string;
  /** What the user was shown: if the world has moved since, nothing is done. */
  expect?: { master: NodeId; epoch: number | null };
}

export interface SwitchoverResult extends Moved {
  cluster: string;
  from: NodeId;
  to: NodeId;
  epochBefore: number | null;
  reason: string | null;
  /** From the first change to a whole cluster: ms. */
  totalMs: number;
}

/**
 * What a switchover would do now. Throws when it is not allowed; nothing was touched. `leased`: the operation that
 * is under way is the caller's own.
 */
export async function beforeSwitchover(
  ctx: Context,
  to: NodeId | null,
  leased = false,
): Promise<SwitchoverPlan> {
  return allowedPlan(ctx, { to, reason: null }, leased);
}

/**
 * Moves the master to another node without losing a write: pauses writes, waits until the candidate has every byte,
 * and has the Sentinels promote it. Sentinel decides and does it; what is ours is the order of things.
 *
 * When it fails, or `signal` aborts before the Sentinels were asked, everything is as before when this throws. After
 * they were asked it goes on to its end, for there is no way back.
 */
export async function switchover(
  ctx: Context,
  wish: SwitchoverWish,
  signal: AbortSignal,
): Promise<SwitchoverResult> {
  return underLease(ctx, SWITCHOVER, (token) => switchoverLeased(ctx, wish, token, signal));
}

/** As `switchover`, for whoever holds the lease already: `token` is the lease's. */
export async function switchoverLeased(
  ctx: Context,
  wish: SwitchoverWish,
  token: number,
  signal: AbortSignal,
): Promise<SwitchoverResult> {
  await concludeLast(ctx);
  const plan = await allowedPlan(ctx, wish, true);
  const begun = ctx.clock.monotonic();
  const record = newRecord(ctx, plan, wish.reason);
  writeSwitchover(ctx.topology, record);
  try {
    await run(ctx, SWITCHOVER, token, plan.steps, ({ do: step }) => {
      if (step === "prefer" || step === "move-master") signal.throwIfAborted();
    });
  } catch (error) {
    return putBack(ctx, error);
  }
  const done = readSwitchover(ctx.topology);
  if (!done?.moved) throw new VedetteError(`switching over ${ctx.topology.name}: its record is gone`);
  writeSwitchover(ctx.topology, { ...done, state: "done" });
  await ctx.runtime.releaseHold(plan.from);
  return remember(ctx, done, done.moved, ctx.clock.monotonic() - begun, wish.by);
}

/** One that was cut short comes to its end first; its settings would be taken for the user's otherwise. */
async function concludeLast(ctx: Context): Promise<void> {
  const last = readSwitchover(ctx.topology);
  if (last?.state !== "running") return;
  const as = await concludeSwitchover(ctx);
  ctx.report(`the last switchover, from ${last.from} to ${last.to}, was cut short; it is ${as} now`);
}

async function allowedPlan(ctx: Context, wish: SwitchoverWish, leased: boolean): Promise<SwitchoverPlan> {
  const doing = `switching over ${ctx.topology.name}`;
  const seen = await look(ctx);
  const snapshot = leased ? besideUs(seen) : seen;
  const lastMoveAt = lastMove(ctx);
  assertCan(ctx, snapshot, { operation: "switchover", to: wish.to, lastMoveAt }, doing);
  const { expect } = wish;
  const master = viewOf(ctx.topology, snapshot).master?.node;
  if (expect && (expect.master !== master || expect.epoch !== snapshot.epoch)) {
    throw new VedetteError(
      `${doing}: the master was ${expect.master} at config epoch ${expect.epoch ?? "-"} and is ${master ?? "nobody"} at ${snapshot.epoch ?? "-"} by now; nothing was touched`,
      { next: "look again: vedette status" },
    );
  }
  const plan = planSwitchover(ctx.topology, snapshot, wish.to);
  if (plan === null) throw new VedetteError(`${doing}: there is nobody to move it to; nothing was touched`);
  return plan;
}

function lastMove(ctx: Context): number | null {
  const moves = readHistory(historyFile(ctx.topology)).filter(
    ({ kind }) => kind === "failover" || kind === "switchover",
  );
  return moves.at(-1)?.time ?? null;
}

function newRecord(ctx: Context, plan: SwitchoverPlan, reason: string | null): SwitchoverRecord {
  const { from, to, epoch } = plan;
  const startedAt = ctx.clock.now();
  return { from, to, epoch, reason, startedAt, state: "running", asked: null, changed: [], moved: null };
}

/** Throws what went wrong and how things stand now. */
async function putBack(ctx: Context, error: unknown): Promise<never> {
  const doing = `switching over ${ctx.topology.name}`;
  let as;
  try {
    as = await concludeSwitchover(ctx);
  } catch (second) {
    throw new VedetteError(`${explain(error)}; then ${explain(second)}`, {
      cause: error,
      next: "vedette status",
    });
  }
  if (as !== "undone") {
    const { master } = await look(ctx);
    throw new VedetteError(
      `${doing}: ${explain(error)}; the master is ${master?.node ?? "nobody"} now, settings are restored`,
      { cause: error, next: "vedette status" },
    );
  }
  const next = error instanceof VedetteError ? error.next : null;
  throw new VedetteError(`${explain(error)}; everything is as it was before`, {
    cause: error,
    next: next ?? "vedette status",
  });
}

function remember(
  ctx: Context,
  record: SwitchoverRecord,
  moved: Moved,
  totalMs: number,
  by = "vedette switchover",
): SwitchoverResult {
  const { from, to, reason } = record;
  const lost = moved.lost === 0 ? "0 acknowledged writes lost" : "that no write was lost could not be shown";
  appendHistory(historyFile(ctx.topology), {
    time: ctx.clock.now(),
    kind: "switchover",
    from,
    to: moved.promoted,
    epoch: moved.epoch,
    cause: reason === null ? lost : `${reason}; ${lost}`,
    askedAt: moved.askedAt,
    candidates: moved.candidates,
    durationsMs: { paused: moved.pausedMs, ...moved.durationsMs, total: Math.round(totalMs) },
    by,
  });
  const epochBefore = record.epoch;
  const cluster = ctx.topology.name;
  return { cluster, from, to, epochBefore, reason, totalMs: Math.round(totalMs), ...moved };
}
