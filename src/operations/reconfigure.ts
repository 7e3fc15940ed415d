import { pauseInForce } from "../cluster/pause.ts";
import { explain } from "../errors.ts";
import type { RedisConnection } from "../redis/client.ts";
import { parseConf } from "../render/conf-syntax.ts";
import type { ConfChange } from "../render/merge-conf.ts";
import type { NodeId } from "../topology/model.ts";
import { requireNode, withNode, type Context } from "./context.ts";

/** What SENTINEL SET may change on a running Sentinel. */
const SENTINEL_SET = new Map([
  ["sentinel quorum", "quorum"],
  ["sentinel down-after-milliseconds", "down-after-milliseconds"],
  ["sentinel failover-timeout", "failover-timeout"],
  ["sentinel parallel-syncs", "parallel-syncs"],
  ["sentinel notification-script", "notification-script"],
  ["sentinel client-reconfig-script", "client-reconfig-script"],
]);

/** Credentials change everywhere or nowhere: never one running node at a time. */
const NOT_LIVE = new Set([
  "requirepass",
  "masterauth",
  "user default",
  "sentinel auth-pass",
  "sentinel sentinel-pass",
]);

/** Sets what the topology changed on a running node, and says what has to wait for its restart. */
export async function reconfigure(ctx: Context, id: NodeId): Promise<void> {
  const node = requireNode(ctx.topology, id);
  const changes = await ctx.runtime.pending(id);
  const waiting: string[] = [];
  const paused = pauseInForce(await ctx.runtime.pause(), ctx.clock.now()) !== null;
  await withNode(ctx, node, async (redis) => {
    for (const change of changes) {
      const problem = await setLive(redis, node.kind, ctx.topology.name, change, paused);
      if (problem === null) ctx.report(`${id}: ${change.name} is now ${values(change)}`);
      else waiting.push(`${change.name} (${problem})`);
    }
    if (node.kind === "redis" && waiting.length === 0) await redis.call("CONFIG", "REWRITE");
  });
  if (waiting.length === 0) await ctx.runtime.settle(id);
  else ctx.report(`${id}: ${waiting.join(", ")}: in force after \`vedette restart ${id}\``);
}

/** Null when it was set, else why it was not. */
async function setLive(
  redis: RedisConnection,
  kind: "redis" | "sentinel",
  master: string,
  change: ConfChange,
  paused: boolean,
): Promise<string | null> {
  if (NOT_LIVE.has(change.name)) return "credentials change with a restart";
  if (change.to.length === 0) return "Redis cannot take a setting back while it runs";
  const value = values(change);
  const option = SENTINEL_SET.get(change.name);
  if (kind === "sentinel" && option === undefined) return "Sentinel reads it at its start only";
  try {
    if (option === undefined) await redis.call("CONFIG", "SET", change.name, value);
    // A pause has its own down-after; this one comes into force when it ends.
    else if (option !== "down-after-milliseconds" || !paused)
      await redis.call("SENTINEL", "SET", master, option, value.split(" ").at(-1) ?? "");
    return null;
  } catch (error) {
    return explain(error);
  }
}

/** All lines of a directive as CONFIG SET wants them: `save 3600 1` and `save 300 100` → `3600 1 300 100`. */
function values(change: ConfChange): string {
  const lines = parseConf(change.to.join("\n"));
  const skip = change.name.startsWith("sentinel ") ? 1 : 0;
  return lines.flatMap((line) => line.args.slice(skip)).join(" ");
}
