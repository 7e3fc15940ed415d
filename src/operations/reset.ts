import { VedetteError } from "../errors.ts";
import { assertCan, besideUs } from "./allowed.ts";
import { look, underLease, type Context } from "./context.ts";
import { planReset, RESET_SPACING_MS, staleOf, type Stale } from "./plan-reset.ts";
import { run } from "./runner.ts";
import type { Step } from "./steps.ts";

export interface ResetWish {
  /** Every Sentinel, also those that remember nothing too much. */
  all: boolean;
  spacingMs?: number;
}

/** What each Sentinel remembers too much, and what `reset` would do about it. Throws when it is not allowed now. */
export async function beforeReset(ctx: Context, wish: ResetWish): Promise<{ stale: Stale[]; steps: Step[] }> {
  const stale = staleOf(ctx.topology, await look(ctx));
  const nodes = stale.filter(({ entries }) => wish.all || entries.length > 0).map(({ node }) => node);
  if (nodes.length > 0) await assertReset(ctx);
  return { stale, steps: planReset(nodes, wish.spacingMs ?? RESET_SPACING_MS) };
}

/**
 * Has the Sentinels forget what is no longer there. Returns what they still remember: it answers, and they have
 * found it again.
 */
export async function reset(ctx: Context, wish: ResetWish): Promise<Stale[]> {
  return underLease(ctx, "reset", async (token) => {
    const { steps } = await beforeReset(ctx, wish);
    if (steps.length === 0) return [];
    await run(ctx, "reset", token, steps);
    return staleOf(ctx.topology, await look(ctx)).filter(({ entries }) => entries.length > 0);
  });
}

async function assertReset(ctx: Context): Promise<void> {
  const doing = `resetting the Sentinels of ${ctx.topology.name}`;
  const strangers = await ctx.runtime.strangers();
  if (strangers.length > 0) {
    throw new VedetteError(`${doing}: ${strangers.join(", ")} still run and would be found again`, {
      next: "vedette up, which stops what the topology no longer names",
    });
  }
  assertCan(ctx, besideUs(await look(ctx)), { operation: "reset" }, doing);
}
