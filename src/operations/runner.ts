import { join } from "node:path";
import { VedetteError } from "../errors.ts";
import type { Context } from "./context.ts";
import { executors } from "./executors.ts";
import { writeJournal } from "./journal.ts";
import { sentence, type Step, type StepKind, type StepOf } from "./steps.ts";

/** Runs steps in order; the journal tells at any moment which ones are done. Stops at the first that fails. */
export async function run(ctx: Context, operation: string, token: number, steps: Step[]): Promise<void> {
  const journal = {
    operation,
    token,
    startedAt: ctx.clock.now(),
    state: "running" as "running" | "done" | "failed",
    error: null as string | null,
    steps: steps.map((step) => ({ ...step, done: false })),
  };
  const file = join(ctx.topology.stateDir, "plans", "last.json");
  const keep = () => writeJournal(file, journal);
  for (const [index, step] of steps.entries()) {
    try {
      await execute(ctx, step);
    } catch (error) {
      journal.state = "failed";
      journal.error = error instanceof Error ? error.message : String(error);
      keep();
      throw failure(operation, step, error);
    }
    const entry = journal.steps[index];
    if (entry !== undefined) entry.done = true;
    if (step.do !== "delete") keep();
  }
  journal.state = "done";
  if (!steps.some((step) => step.do === "delete")) keep();
}

async function execute<K extends StepKind>(ctx: Context, step: StepOf<K>): Promise<void> {
  const executor = executors[step.do as K];
  await executor(ctx, step);
}

function failure(operation: string, step: Step, error: unknown): unknown {
  if (error instanceof VedetteError) return error;
  return new VedetteError(`${operation}: could not ${sentence(step)}`, { cause: error });
}
