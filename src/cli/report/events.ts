import type { DrillEvent, DrillRun } from "../../operations/drill/record.ts";
import { drillEventText } from "../print/drill-events.ts";
import type { EventNames } from "../print/failover-events.ts";
import { html, type Html } from "./html.ts";

/** What a Sentinel says that belongs to the story of a failover; the first to say it is enough. */
const TURNING_POINTS = [
  "+sdown",
  "+odown",
  "+elected-leader",
  "+selected-slave",
  "+promoted-slave",
  "+switch-master",
  "-failover-abort-no-good-slave",
  "-failover-abort-not-elected",
];

/** The turning points at once, and everything that was noted on demand. */
export function timeline(names: EventNames, { events }: DrillRun): Html {
  return html`<h3>What happened</h3>
    ${list(names, turningPoints(events))}
    <details>
      <summary>Every event (${events.length})</summary>
      ${list(names, events)}
    </details>`;
}

export function turningPoints(events: readonly DrillEvent[]): DrillEvent[] {
  const told = new Set<string>();
  return events.filter((event) => {
    if (event.kind === "state") return event.text === "master";
    if (event.kind !== "sentinel") return true;
    const channel = event.channel ?? "";
    const subject = `${channel} ${event.text.split(" ").slice(0, 2).join(" ")}`;
    if (!TURNING_POINTS.includes(channel) || told.has(subject)) return false;
    told.add(subject);
    return true;
  });
}

function list(names: EventNames, events: readonly DrillEvent[]): Html {
  const rows = events.map(
    (event) =>
      html`<tr class="${tone(event)}">
        <td class="when">${when(event.ms)}</td>
        <td class="who">${event.node ?? ""}</td>
        <td>${drillEventText(names, event)}</td>
      </tr>`,
  );
  return html`<div class="scroll">
    <table class="events">
      ${rows}
    </table>
  </div>`;
}

function tone({ kind, text }: DrillEvent): string {
  if (kind === "fault" || kind === "heal") return kind;
  if (kind === "client") return text.startsWith("no write") ? "fault" : "good";
  return kind === "state" ? "good" : "";
}

function when(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${(Math.abs(ms) / 1_000).toFixed(2)} s`;
}
