import type { Snapshot } from "../cluster/snapshot.ts";
import type { NodeId } from "../topology/model.ts";
import { requireNode, withNode, type Context } from "./context.ts";
import type { Step } from "./steps.ts";

/** Freed in the background (ASYNC), but the command itself still walks the keyspace once: ms. */
const FLUSH_DEADLINE_MS = 60_000;

/** Keys per database on the master, for the user to see before anything is asked. */
export function keysOnMaster(snapshot: Snapshot): Record<string, number> {
  return snapshot.nodes.find((each) => each.node === snapshot.master?.node)?.keys ?? {};
}

export function planFlush(master: NodeId, keys: Record<string, number>): Step[] {
  const databases = Object.keys(keys);
  return databases.length === 0 ? [] : [{ do: "flush", node: master, databases }];
}

/** FLUSHALL on the master. Its replicas follow by replication. */
export async function flushDatabases(ctx: Context, id: NodeId, databases: string[]): Promise<void> {
  const node = requireNode(ctx.topology, id);
  await withNode(ctx, node, (redis) => redis.call("FLUSHALL", "ASYNC"), FLUSH_DEADLINE_MS);
  ctx.report(`deleted all keys of ${databases.join(", ")} through ${id}`);
}
