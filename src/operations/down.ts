import type { Belonging } from "../runtimes/runtime.ts";
import { look, underLease, type Context } from "./context.ts";
import { planDown } from "./plan-down.ts";
import { run } from "./runner.ts";
import type { Step } from "./steps.ts";

export async function stepsDown(ctx: Context, force: boolean): Promise<Step[]> {
  return planDown(ctx.topology, await look(ctx), await ctx.runtime.strangers(), force);
}

/** Stops everything in an order that keeps all data. */
export async function down(ctx: Context, force: boolean): Promise<void> {
  await underLease(ctx, "down", async (token) => run(ctx, "down", token, await stepsDown(ctx, force)));
}

/** Stops everything and deletes what `clean` showed. */
export async function clean(ctx: Context, things: readonly Belonging[]): Promise<void> {
  await underLease(ctx, "clean", async (token) => {
    const deletions = things.map((what): Step => ({ do: "delete", what }));
    await run(ctx, "clean", token, [...(await stepsDown(ctx, true)), ...deletions]);
  });
}
