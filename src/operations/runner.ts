import { join } from "node:path";
import { explain, VedetteError } from "../errors.ts";
import type { Context } from "./context.ts";
import { endPause } from "./end-pause.ts";
import { executors } from "./executors.ts";
import { appendHistory } from "./history.ts";
import { readJournal, writeJournal, type Journal } from "./journal.ts";
import { sentence, type Step, type StepKind, type StepOf } from "./steps.ts";

/**
 * Runs steps in order; the journal tells at any moment which ones are done. Stops at the first that fails, or before
 * which `before` throws.
 *
 * An operation that died is not continued blindly: whoever comes next has planned from what is there now, and is
 * told that something was cut short.
 */
export async function run(
  ctx: Context,
  operation: string,
  token: number,
  steps: Step[],
  before: (step: Step) => void = () => {},
): Promise<void> {
  const file = join(ctx.topology.stateDir, "plans", "last.json");
  const deletes = steps.some((step) => step.do === "delete");
  noteInterrupted(ctx, readJournal(file));
  // What a pause changed is put back by the first who may act after it.
  if (operation !== "pause" && operation !== "resume") await endPause(ctx, `vedette ${operation}`);
  const journal: Journal = {
    operation,
    token,
    startedAt: ctx.clock.now(),
    state: "running",
    error: null,
    steps: steps.map((step) => ({ ...step, done: false })),
  };
  try {
    if (!deletes) writeJournal(file, journal);
    for (const entry of journal.steps) {
      before(entry);
      await attempt(ctx, operation, entry);
      entry.done = true;
      if (!deletes) writeJournal(file, journal);
    }
    journal.state = "done";
  } catch (error) {
    journal.state = "failed";
    journal.error = explain(error);
    finishAfter(error, ctx, file, journal);
    throw error;
  }
  // `clean` deletes the directory that these would be written to.
  if (!deletes) finish(ctx, file, journal);
}

/** A disk that takes no journal must not hide why the operation failed. */
function finishAfter(error: unknown, ctx: Context, file: string, journal: Journal): void {
  try {
    finish(ctx, file, journal);
  } catch (second) {
    if (!explain(error).includes(explain(second)))
      ctx.report(`could not write the journal: ${explain(second)}`);
  }
}

function noteInterrupted(ctx: Context, last: Journal | null): void {
  if (last?.state !== "running") return;
  const next = last.steps.find((step) => !step.done);
  ctx.report(
    `the last operation, \`${last.operation}\`, was cut short${next === undefined ? "" : ` before it could ${sentence(next)}`}; this one starts from what is there`,
  );
}

function finish(ctx: Context, file: string, journal: Journal): void {
  writeJournal(file, journal);
  const now = ctx.clock.now();
  appendHistory(join(ctx.topology.stateDir, "history.jsonl"), {
    time: now,
    kind: "operation",
    cause: journal.error === null ? `${journal.operation}: done` : `${journal.operation}: ${journal.error}`,
    durationsMs: { total: now - journal.startedAt },
    by: `vedette ${journal.operation}`,
  });
}

async function attempt<K extends StepKind>(ctx: Context, operation: string, step: StepOf<K>): Promise<void> {
  try {
    await executors[step.do](ctx, step);
  } catch (error) {
    if (error instanceof VedetteError) throw error;
    throw new VedetteError(`${operation}: could not ${sentence(step)}`, { cause: error });
  }
}
