import { until } from "../clock.ts";
import { VedetteError } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { look, type Context } from "./context.ts";
import { notConvinced, preferredPriorities } from "./plan-switchover.ts";
import { hurrySentinels } from "./sentinel-periods.ts";
import { change } from "./switchover-record.ts";

/** Stock Sentinels (6.2 knows no SENTINEL DEBUG) poll every 10 s: ms. */
const CONVINCED_DEADLINE_MS = 25_000;

/** Has every Sentinel that answers see `to` as the one to promote. Clients notice nothing of it. */
export async function prefer(ctx: Context, to: NodeId): Promise<void> {
  for (const [node, priority] of preferredPriorities(ctx.topology, await look(ctx), to)) {
    await change(ctx, node, "replica-priority", String(priority));
  }
  await hurrySentinels(ctx);
  let missing: string | null = null;
  const convinced = await until(
    async () => {
      missing = notConvinced(ctx.topology, await look(ctx), to);
      return missing === null;
    },
    { deadlineMs: CONVINCED_DEADLINE_MS, everyMs: 25, clock: ctx.clock },
  );
  if (convinced !== null) return;
  throw new VedetteError(
    `preferring ${to}: after ${CONVINCED_DEADLINE_MS / 1000} s ${missing ?? "nothing"}`,
    {
      next: "vedette sentinel-status",
    },
  );
}
