import { can, type Intent } from "../cluster/can.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { VedetteError } from "../errors.ts";
import type { RedisNode } from "../topology/model.ts";
import { requireNode, type Context } from "./context.ts";

/** Throws with the reason and what to do first when `intent` is not allowed on what was seen. */
export function assertCan(ctx: Context, snapshot: Snapshot, intent: Intent, doing: string): void {
  const refusal = can(ctx.topology, snapshot, intent);
  if (refusal === null) return;
  throw new VedetteError(`${doing}: ${refusal.reason}; nothing was touched`, { next: refusal.next });
}

/** What was seen under a lease of our own, without it: our own operation does not stand in our way. */
export function besideUs(snapshot: Snapshot): Snapshot {
  return { ...snapshot, operation: null };
}

/** The data node that a majority names, from a snapshot in which `assertCan` has found one. */
export function namedMaster(ctx: Context, snapshot: Snapshot, doing: string): RedisNode {
  const id = snapshot.master?.node ?? null;
  const node = id === null ? null : requireNode(ctx.topology, id);
  if (node?.kind === "redis") return node;
  throw new VedetteError(`${doing}: no majority of the Sentinels names a node of ${ctx.topology.name}`, {
    next: "vedette sentinel-status",
  });
}
