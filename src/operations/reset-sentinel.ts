import { can } from "../cluster/can.ts";
import { VedetteError } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { besideUs } from "./allowed.ts";
import { look, requireNode, withNode, type Context } from "./context.ts";

/** Looks once more before each Sentinel: the world may have moved in the half minute since the last one. */
export async function resetSentinel(ctx: Context, id: NodeId): Promise<void> {
  const refusal = can(ctx.topology, besideUs(await look(ctx)), { operation: "reset" });
  if (refusal !== null) {
    throw new VedetteError(`resetting ${id}: ${refusal.reason}; it was not reset, those before it were`, {
      next: refusal.next,
    });
  }
  await withNode(ctx, requireNode(ctx.topology, id), (redis) =>
    redis.call("SENTINEL", "RESET", ctx.topology.name),
  );
  ctx.report(`${id} was reset and looks around anew`);
}
