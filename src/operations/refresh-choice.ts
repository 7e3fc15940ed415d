import { until } from "../clock.ts";
import { judgeChoice } from "../cluster/sentinel-choice.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { explain } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { look, requireNode, withNode, type Context } from "./context.ts";
import { HASTE_DEADLINE_MS } from "./spread.ts";

/** Short enough that the next of Sentinel's ticks polls every replica: ms. */
const AT_ONCE_MS = 50;
/** What is not better after this long is left as it is: Sentinel alone would do no better. ms. */
const PATIENCE_MS = 600;

/**
 * Lets a Sentinel poll the replicas before it is asked for a failover, if by its last poll it would promote one that
 * has less data than another (measured: polls are up to 10 s old, so even a write confirmed by WAIT 1 may be passed
 * over). Costs nothing while the replicas are equal, which they nearly always are: then `first` comes back. Null: it may
 * still choose badly.
 */
export async function refreshChoice(
  ctx: Context,
  sentinel: NodeId,
  first: Snapshot,
): Promise<Snapshot | null> {
  let hurried = false;
  let next: Snapshot | null = first;
  try {
    return await until(
      async () => {
        const now = next ?? (await look(ctx));
        next = null;
        const seen = now.sentinels.find((each) => each.node === sentinel);
        if (seen?.up !== true) return null;
        const choice = judgeChoice(ctx.topology, seen, now);
        if (choice === "stale" && !hurried) {
          hurried = true;
          ctx.report(`${sentinel} does not know yet which replica has the most data: it polls them first`);
          await setInfoPeriod(ctx, sentinel, AT_ONCE_MS);
        }
        return choice === "good" ? now : null;
      },
      { deadlineMs: PATIENCE_MS, everyMs: 10, clock: ctx.clock },
    );
  } catch (error) {
    ctx.report(`${sentinel} was not made to poll: ${explain(error)}`); // 6.2 has no SENTINEL DEBUG
    return null;
  } finally {
    if (hurried) await setInfoPeriod(ctx, sentinel, ctx.topology.sentinel.periods.info).catch(() => {});
  }
}

async function setInfoPeriod(ctx: Context, sentinel: NodeId, info: number): Promise<void> {
  const node = requireNode(ctx.topology, sentinel);
  await withNode(
    ctx,
    node,
    (redis) => redis.call("SENTINEL", "DEBUG", "info-period", info),
    HASTE_DEADLINE_MS,
  );
}
