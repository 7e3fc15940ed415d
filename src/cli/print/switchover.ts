import type { SwitchoverPlan } from "../../operations/plan-switchover.ts";
import { sentence } from "../../operations/steps.ts";
import type { SwitchoverResult } from "../../operations/switchover.ts";
import { coloursFor } from "./colours.ts";
import { table } from "./table.ts";

/** What a switchover is going to do, with the cluster before and after. */
export function printSwitchoverPlan(cluster: string, plan: SwitchoverPlan, colour: boolean): string {
  const colours = coloursFor(colour);
  const { from, to, replicas, steps } = plan;
  const rows = [
    [colours.bold("master"), from, colours.green(to)],
    ["replicas", replicas.before.join(", "), replicas.after.join(", ")],
  ];
  return [
    colours.bold(`switchover of ${cluster} would`),
    ...steps.map((step, i) => `  ${String(i + 1).padStart(2)}. ${sentence(step)}`),
    "",
    ...table([{ title: "" }, { title: "NOW" }, { title: "AFTERWARDS" }], rows),
    "",
  ].join("\n");
}

/** What it did: how long writes waited, that none was lost, and who is where. */
export function printSwitchover(result: SwitchoverResult, colour: boolean): string {
  const colours = coloursFor(colour);
  const { from, to, promoted, epoch, epochBefore, durationsMs, pausedMs, offset, demotedAt, lost } = result;
  const rows = [
    [`${to} had every byte (offset ${offset})`, ms(durationsMs.caughtUp)],
    ["a Sentinel accepted", ms(durationsMs.caughtUp + durationsMs.asked)],
    [`${promoted} was promoted`, ms(durationsMs.caughtUp + durationsMs.promoted)],
    [`${from} followed it; writes went on`, ms(pausedMs)],
    ["the other Sentinels and replicas knew", ms(durationsMs.caughtUp + durationsMs.spread)],
  ];
  const proof =
    lost === 0
      ? colours.green("0 acknowledged writes lost: nothing was written while it moved")
      : colours.yellow(
          `the old master went from offset ${offset} to ${demotedAt ?? "unknown"} meanwhile: that no write was lost could not be shown`,
        );
  return [
    "",
    ...table([{ title: "FROM THE PAUSE ON" }, { title: "AFTER", align: "right" }], rows),
    "",
    `master ${from} → ${colours.bold(promoted)}, config epoch ${epochBefore ?? "-"} → ${epoch}`,
    `writes paused ${ms(pausedMs)}`,
    proof,
    "",
  ].join("\n");
}

function ms(value: number): string {
  return `${Math.round(value)} ms`;
}
