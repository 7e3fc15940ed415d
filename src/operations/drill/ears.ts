import type { SentinelNode } from "../../topology/model.ts";
import type { Context } from "../context.ts";
import { listen, type HeardEvent } from "../sentinel-watch.ts";

const RETRY_MS = 50;

/** Listens to one Sentinel, and again when it has come back, until `signal` aborts. */
export async function keepListening(
  ctx: Context,
  node: SentinelNode,
  onEvent: (heard: HeardEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  while (!signal.aborted) {
    try {
      const redis = await listen(ctx, node, onEvent);
      await new Promise<void>((resolve) => {
        redis.onClose(resolve);
        if (signal.aborted) redis.close();
        signal.addEventListener("abort", () => redis.close(), { once: true });
      });
    } catch {
      // It is down: a drill may have killed it.
    }
    await ctx.clock.sleep(RETRY_MS, signal);
  }
}
