import type { HealthCheck } from "../../cluster/health.ts";
import { coloursFor } from "./colours.ts";

/** `vedette health`: one line a check, `ok` or `FAIL` first, never wrapped, for scripts and for eyes. */
export function printHealth(checks: readonly HealthCheck[], colour: boolean): string {
  const colours = coloursFor(colour);
  const width = Math.max(0, ...checks.map(({ check }) => check.length));
  return checks
    .map(({ check, ok, detail }) => {
      const mark = ok ? colours.green("ok  ") : colours.red("FAIL");
      return `${mark}  ${check.padEnd(width)}  ${detail}\n`;
    })
    .join("");
}
