import { userInfo } from "node:os";
import { LONGEST_PAUSE_MS } from "../../cluster/pause.ts";
import { UsageError } from "../../errors.ts";
import { beforePause, pause } from "../../operations/pause.ts";
import type { PauseWish } from "../../operations/plan-pause.ts";
import { formatDuration, parseDuration } from "../../topology/units.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { pausedJson, printPaused } from "../print/pause.ts";
import { printSteps } from "../print/steps.ts";

const SHORTEST_PAUSE_MS = 1_000;

export async function run({ io, options }: Invocation): Promise<number> {
  const wish: PauseWish = {
    forMs: lengthOf(options.for),
    reason: (options.reason ?? "").replace(/\s+/g, " ").trim(),
    by: whoAmI(),
  };
  const ctx = open(io, options);
  if (options.dryRun) {
    io.out(printSteps("pause", (await beforePause(ctx, wish)).steps, io.colour));
    return 0;
  }
  const paused = await pause(ctx, wish);
  if (options.json) json(io, pausedJson(ctx.topology, paused));
  else io.out(printPaused(ctx.topology, paused, io.colour));
  return 0;
}

/** A user id that no account stands for (containers) makes userInfo throw. */
function whoAmI(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}

function lengthOf(text: string | undefined): number {
  const next = "a duration with its unit: vedette pause --for 30m";
  if (text === undefined) throw new UsageError("pausing: --for is missing: how long?", { next });
  const ms = parseDuration(text);
  if (ms === null) throw new UsageError(`reading --for ${text}: it is no duration`, { next });
  if (ms >= SHORTEST_PAUSE_MS && ms <= LONGEST_PAUSE_MS) return ms;
  throw new UsageError(
    `reading --for ${text}: it is from ${formatDuration(SHORTEST_PAUSE_MS)} to ${formatDuration(LONGEST_PAUSE_MS)}`,
    { next: "a longer pause is extended while somebody is there: pause again before it ends" },
  );
}
