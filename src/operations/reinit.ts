import type { Snapshot } from "../cluster/snapshot.ts";
import { explain, VedetteError } from "../errors.ts";
import type { DataRoom } from "../runtimes/runtime.ts";
import type { NodeId } from "../topology/model.ts";
import { assertCan, besideUs } from "./allowed.ts";
import { look, requireNode, underLease, type Context } from "./context.ts";
import { costsOfReinit, planReinit, tooLittleRoom, type ReinitWish } from "./plan-reinit.ts";
import { run } from "./runner.ts";
import type { Step } from "./steps.ts";

export interface ReinitPlan {
  steps: Step[];
  room: DataRoom;
  /** What the cluster goes without meanwhile. */
  costs: string[];
}

/** What `reinit` would do now. Throws when it is not allowed; nothing was touched then. */
export async function beforeReinit(ctx: Context, wish: ReinitWish): Promise<ReinitPlan> {
  return plan(ctx, wish, await look(ctx));
}

/** Rebuilds a replica from its master's data. */
export async function reinit(ctx: Context, wish: ReinitWish): Promise<void> {
  await underLease(ctx, `reinit ${wish.node}`, async (token) => {
    const { steps } = await plan(ctx, wish, besideUs(await look(ctx)));
    try {
      await run(ctx, `reinit ${wish.node}`, token, steps);
    } catch (error) {
      throw await withPlace(ctx, wish.node, error);
    }
  });
}

async function plan(ctx: Context, wish: ReinitWish, snapshot: Snapshot): Promise<ReinitPlan> {
  const doing = `rebuilding ${wish.node}`;
  requireNode(ctx.topology, wish.node);
  assertCan(ctx, snapshot, { operation: "reinit", node: wish.node }, doing);
  const room = await ctx.runtime.dataRoom(wish.node);
  const lack = tooLittleRoom(snapshot, room, wish.keep);
  if (lack !== null) {
    const next = wish.keep
      ? "make room, or have the old data deleted first: --no-keep"
      : "make room on the disk of its data directory";
    throw new VedetteError(`${doing}: ${lack}; nothing was touched`, { next });
  }
  const costs = costsOfReinit(ctx.topology, snapshot, wish.node);
  return { steps: planReinit(snapshot, wish, ctx.clock.now()), room, costs };
}

/** The old data may be all that somebody has left to look into. */
async function withPlace(ctx: Context, node: NodeId, error: unknown): Promise<unknown> {
  const { aside } = await ctx.runtime.dataRoom(node);
  if (aside.length === 0) return error;
  const next = error instanceof VedetteError && error.next !== null ? `${error.next}; then ` : "";
  return new VedetteError(`${explain(error)}; its old data is kept in ${aside.join(" and ")}`, {
    cause: error,
    next: `${next}vedette reinit ${node} again, which deletes it once the node is in sync`,
  });
}
