import { requireNode, withNode, type Context } from "../operations/context.ts";
import type { NodeId } from "../topology/model.ts";

/** Sets name value … on a running node. */
export async function configure(ctx: Context, id: NodeId, settings: readonly string[]): Promise<void> {
  await withNode(ctx, requireNode(ctx.topology, id), async (redis) => {
    // One pair a call: CONFIG SET takes several only since 7.0.
    for (let i = 0; i + 1 < settings.length; i += 2) {
      await redis.call("CONFIG", "SET", settings[i] ?? "", settings[i + 1] ?? "");
    }
  });
}
