import { until } from "../clock.ts";
import type { RedisSeen, Snapshot } from "../cluster/snapshot.ts";
import { VedetteError } from "../errors.ts";
import { nodeAt, type NodeId } from "../topology/model.ts";
import { look, requireNode, type Context } from "./context.ts";

/** Waits until a node that was started has its master's data and may be promoted again. */
export async function awaitSynced(ctx: Context, id: NodeId, deadlineMs: number): Promise<void> {
  const node = requireNode(ctx.topology, id);
  const priority = node.kind === "redis" ? node.priority : 0;
  let missing = "";
  const synced = async () => {
    const now = lacking(ctx, await look(ctx), id, priority);
    if (now !== null && now !== missing) ctx.report(`waiting: ${now}`);
    missing = now ?? "";
    return now === null;
  };
  if ((await until(synced, { deadlineMs, everyMs: 100, clock: ctx.clock })) !== null) return;
  throw new VedetteError(`waiting for ${id}: after ${deadlineMs / 1000} s ${missing}`, {
    next: `vedette logs ${id}`,
  });
}

function lacking(ctx: Context, { nodes, master }: Snapshot, id: NodeId, priority: number): string | null {
  const seen = nodes.find((each) => each.node === id);
  if (seen?.state !== "up") return `${id} is ${seen?.state ?? "not there"}${because(seen)}`;
  const follows = seen.follows === null ? null : nodeAt(ctx.topology, seen.follows.host, seen.follows.port);
  if (seen.role !== "replica" || follows?.id !== master?.node) return `${id} does not follow the master yet`;
  if (seen.link === "sync") return `${id} copies the data set`;
  if (seen.link !== "up") return `${id} has no link to its master yet`;
  return seen.priority === priority ? null : `${id} may not be promoted yet`;
}

function because(seen: RedisSeen | undefined): string {
  return seen?.reason ? `: ${seen.reason}` : "";
}
