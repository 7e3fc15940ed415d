import { explain, VedetteError } from "../errors.ts";
import type { RedisConnection } from "../redis/client.ts";
import { parseMaster } from "../redis/sentinel-replies.ts";
import type { NodeId } from "../topology/model.ts";
import { withNode, type Context } from "./context.ts";

/** What came of telling one Sentinel its down-after. */
export interface Told {
  node: NodeId;
  /** What it had before: ms, null when it did not answer. */
  previousMs: number | null;
  /** Why it does not have it now, or null. */
  problem: string | null;
}

/** Brings the down-after of every Sentinel to `ms`, and asks each whether it took. Never throws for one that does not answer. */
export async function tellDownAfter(ctx: Context, ms: number): Promise<Told[]> {
  return Promise.all(
    ctx.topology.sentinel.nodes.map(async (node): Promise<Told> => {
      try {
        const previousMs = await withNode(ctx, node, (redis) => set(redis, ctx.topology.name, ms));
        return { node: node.id, previousMs, problem: null };
      } catch (error) {
        return { node: node.id, previousMs: null, problem: explain(error) };
      }
    }),
  );
}

/** What it was before. Does not touch what is right already: SENTINEL SET rewrites the file, with an fsync. */
async function set(redis: RedisConnection, master: string, ms: number): Promise<number | null> {
  const before = await ask(redis, master);
  if (before === ms) return before;
  await redis.call("SENTINEL", "SET", master, "down-after-milliseconds", ms);
  const now = await ask(redis, master);
  if (now === ms) return before;
  throw new VedetteError(`it was told down-after-milliseconds ${ms} and has ${now ?? "none"}`);
}

async function ask(redis: RedisConnection, master: string): Promise<number | null> {
  return parseMaster(await redis.call("SENTINEL", "MASTER", master))?.downAfterMs ?? null;
}
