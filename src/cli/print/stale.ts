import type { Stale } from "../../operations/plan-reset.ts";
import { coloursFor } from "./colours.ts";

/** What each Sentinel remembers and the topology does not have. */
export function printStale(stale: readonly Stale[], colour: boolean): string {
  const colours = coloursFor(colour);
  const some = stale.filter(({ entries }) => entries.length > 0);
  if (some.length === 0) return "the Sentinels remember nothing that the topology does not have\n";
  const lines = some.map(({ node, entries }) => `${node} remembers ${colours.yellow(entries.join(", "))}`);
  return `${lines.join("\n")}\n`;
}
