import { sentence, type Step } from "../../operations/steps.ts";
import { coloursFor } from "./colours.ts";

/** A plan, one numbered line a step. */
export function printSteps(operation: string, steps: readonly Step[], colour: boolean): string {
  const colours = coloursFor(colour);
  const lines = steps.map((step, i) => `  ${String(i + 1).padStart(2)}. ${sentence(step)}`);
  return [colours.bold(`${operation} would`), ...lines, ""].join("\n");
}
