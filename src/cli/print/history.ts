import type { HistoryEvent } from "../../operations/history.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { table } from "./table.ts";
import { localStamp } from "./text.ts";

/** `vedette history`: what happened to the cluster, oldest first, one line an event. */
export function printHistory(events: readonly HistoryEvent[], colour: boolean): string {
  if (events.length === 0) return "nothing has happened yet\n";
  const colours = coloursFor(colour);
  const columns = [
    { title: "WHEN" },
    { title: "WHAT" },
    { title: "WHERE" },
    { title: "EPOCH" },
    { title: "WHY" },
  ];
  const rows = events.map((event) => [
    localStamp(event.time),
    kindOf(event, colours),
    whereOf(event),
    event.epoch === undefined || event.epoch === null ? "" : String(event.epoch),
    whyOf(event),
  ]);
  return `${table(columns, rows).join("\n")}\n`;
}

function kindOf({ kind }: HistoryEvent, colours: Colours): string {
  if (kind === "gave-up") return colours.red(kind);
  return kind === "failover" || kind === "switchover" ? colours.bold(kind) : kind;
}

function whereOf({ node, from, to }: HistoryEvent): string {
  if (from !== undefined && to !== undefined) return `${from ?? "?"} → ${to ?? "?"}`;
  return node ?? "";
}

function whyOf({ cause, durationsMs, by }: HistoryEvent): string {
  const times = Object.entries(durationsMs ?? {}).map(([what, ms]) => `${what} ${Math.round(ms)} ms`);
  const [firstLine = ""] = (cause ?? "").split("\n");
  return [firstLine, times.join(", "), by === "steward" ? "" : `by ${by}`]
    .filter((part) => part !== "")
    .join("; ");
}
