import { until } from "../clock.ts";
import { bridgeDownAfter } from "../cluster/pause.ts";
import { explain } from "../errors.ts";
import type { PauseRecord } from "../runtimes/runtime.ts";
import type { NodeId, Topology } from "../topology/model.ts";
import { look, type Context } from "./context.ts";
import { tellDownAfter } from "./down-after.ts";
import { appendHistory, historyFile } from "./history.ts";
import { setPeriods, setTiming } from "./sentinel-periods.ts";

/**
 * Puts back what a pause changed once its time is over, and forgets it then. Does nothing while it lasts.
 *
 * Whoever may act calls this: `resume`, the steward, the timer, every operation. Each call starts from what is
 * there, so a caller that dies leaves the rest to the next one. `patienceMs` is how long to try again; 0 is once.
 * Returns what is still to be done, one sentence each.
 */
export async function endPause(ctx: Context, by: string, patienceMs = 0): Promise<string[]> {
  let left: string[] = [];
  let said = "";
  const tried = async () => {
    const record = await ctx.runtime.pause();
    left = record === null || ctx.clock.now() < record.until ? [] : await putBack(ctx, record, by);
    if (left[0] !== undefined && left[0] !== said) ctx.report((said = left[0]));
    return left.length === 0;
  };
  await until(tried, { deadlineMs: patienceMs, everyMs: 250, clock: ctx.clock });
  return left;
}

/** How long the Sentinels may take to replace a master that died in the pause, with one failed attempt: ms. */
export function bridgeDeadlineMs({ sentinel }: Topology): number {
  return sentinel.downAfterMs + 3 * sentinel.failoverTimeoutMs + 10_000;
}

async function putBack(ctx: Context, record: PauseRecord, by: string): Promise<string[]> {
  const snapshot = await look(ctx);
  const patient = ctx.clock.now() - record.until < bridgeDeadlineMs(ctx.topology);
  const bridge = patient ? bridgeDownAfter(ctx.topology, snapshot) : null;
  if (bridge !== null) await tellDownAfter(ctx, bridge);
  if (bridge !== null) return ["the master died in the pause: waiting until the Sentinels have replaced it"];
  // One without a process gets its down-after when it is started.
  const alive = new Set(snapshot.sentinels.filter((each) => each.pid !== null).map((each) => each.node));
  const left = await tellTiming(ctx, alive);
  if (left.length > 0) return left;
  await ctx.runtime.forgetPause();
  const early = record.cut === true;
  appendHistory(historyFile(ctx.topology), {
    time: ctx.clock.now(),
    kind: "resume",
    cause: early ? "ended on request" : "its time was over",
    by,
  });
  return [];
}

/** Sets the topology's timing on these Sentinels again. Returns who could not be told, one sentence each. */
async function tellTiming(ctx: Context, alive: ReadonlySet<NodeId>): Promise<string[]> {
  const told = ctx.topology.sentinel.nodes
    .filter((node) => alive.has(node.id))
    .map(async (node) => {
      try {
        await setTiming(ctx, node, ctx.topology.sentinel);
        return [];
      } catch (error) {
        return [`${node.id} keeps its down-after of the pause: ${explain(error)}`];
      }
    });
  return (await Promise.all(told)).flat();
}

/** Tells every Sentinel the timing that is right now, paused or not. Those that do not answer are no reason to stop. */
export async function settleDownAfter(ctx: Context, by: string): Promise<void> {
  await endPause(ctx, by);
  await setPeriods(ctx);
}
