import { VedetteError } from "../errors.ts";
import { explain } from "../errors.ts";
import type { Context } from "./context.ts";
import { tellDownAfter } from "./down-after.ts";
import { bridgeDeadlineMs, endPause } from "./end-pause.ts";

/** The steward and every operation put a pause back as well: without its own timer it is no less bounded. */
export async function timePause(ctx: Context): Promise<void> {
  try {
    await ctx.runtime.timePause();
  } catch (error) {
    ctx.report(
      `the pause has no timer of its own (${explain(error)}): the steward or the next command ends it`,
    );
  }
}

/** Raises the down-after of every Sentinel that lives. One that lives and is not raised could go on failing over. */
export async function raiseDownAfter(ctx: Context, ms: number): Promise<void> {
  const told = await tellDownAfter(ctx, ms);
  const processes = await ctx.runtime.inspect();
  for (const { node, problem } of told) {
    if (problem === null) continue;
    const alive = processes.some((each) => each.node === node && each.pid !== null);
    if (alive) throw new VedetteError(`pausing: ${node} was not told: ${problem}`);
    ctx.report(`${node} is not running; it is told when it starts`);
  }
}

/** Ends the noted pause now, in writing: from here on anybody may put back what it changed. */
export async function cutPause(ctx: Context): Promise<void> {
  const record = await ctx.runtime.pause();
  const now = ctx.clock.now();
  if (record !== null && now < record.until)
    await ctx.runtime.notePause({ ...record, until: now, cut: true });
}

export async function endPauseStep(ctx: Context): Promise<void> {
  await endPause(ctx, "vedette resume", bridgeDeadlineMs(ctx.topology));
}
