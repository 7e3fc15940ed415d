import type { Failover } from "../../operations/failovers.ts";
import type { HistoryEvent } from "../../operations/history.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { table } from "./table.ts";
import { harmless, localStamp } from "./text.ts";

/** One line of the history: a failover, put together from all who told of it, or anything else. */
export type Happening = { time: number } & ({ failover: Failover } | { event: HistoryEvent });

/** `vedette history`: what happened to the cluster, oldest first, one line each. */
export function printHistory(happenings: readonly Happening[], colour: boolean): string {
  if (happenings.length === 0) return "nothing has happened yet\n";
  const colours = coloursFor(colour);
  const columns = [
    { title: "WHEN" },
    { title: "WHAT" },
    { title: "WHERE" },
    { title: "EPOCH" },
    { title: "WHY" },
  ];
  const rows = happenings.map((each) => [
    localStamp(each.time),
    ...("failover" in each ? failoverRow(each.failover, colours) : eventRow(each.event, colours)),
  ]);
  return `${table(columns, rows).join("\n")}\n`;
}

function failoverRow(failover: Failover, colours: Colours): string[] {
  const { kind, from, to, epoch, cause, askedBy } = failover;
  const { promoted, firstWrite, reconfigured } = failover.durationsMs;
  const times: [string, number | null][] = [
    firstWrite === null ? ["new master after", promoted] : ["writable after", firstWrite],
    ["all linked after", reconfigured],
  ];
  const known = times.flatMap(([what, ms]) => (ms === null ? [] : [`${what} ${Math.round(ms)} ms`]));
  return [
    colours.bold(kind),
    `${from ?? "?"} → ${to ?? "?"}`,
    epoch === null ? "" : String(epoch),
    why([known.join(", "), cause, askedBy?.startsWith("vedette") === true ? `by ${askedBy}` : ""]),
  ];
}

function eventRow(event: HistoryEvent, colours: Colours): string[] {
  const { kind, epoch, cause, durationsMs, by } = event;
  const times = Object.entries(durationsMs ?? {}).map(([what, ms]) => `${what} ${Math.round(ms)} ms`);
  return [
    kind === "gave-up" ? colours.red(kind) : kind,
    whereOf(event),
    epoch === undefined || epoch === null ? "" : String(epoch),
    why([cause?.split("\n")[0] ?? "", times.join(", "), by === "steward" ? "" : `by ${by}`]),
  ];
}

function whereOf({ node, from, to }: HistoryEvent): string {
  if (from !== undefined && to !== undefined) return `${from ?? "?"} → ${to ?? "?"}`;
  return node ?? "";
}

function why(parts: readonly string[]): string {
  return harmless(parts.filter((part) => part !== "").join("; "));
}
