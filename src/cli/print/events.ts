import type { ClusterEvent } from "../../operations/cluster-event.ts";
import type { HistoryEvent } from "../../operations/history.ts";
import { allNodes } from "../../topology/model.ts";
import { coloursFor } from "./colours.ts";
import { sentence, type EventNames } from "./failover-events.ts";
import { eventFields } from "./history-json.ts";
import { harmless, localStamp, nodeColumn } from "./text.ts";

/** One event on a line: when, who said it, what. */
export function eventPrinter(names: EventNames, colour: boolean): (event: ClusterEvent) => string {
  const colours = coloursFor(colour);
  const column = nodeColumn(
    allNodes(names.topology).map(({ id }) => id),
    colours,
  );
  return (event) => {
    const { time } = event;
    const words =
      event.kind === "sentinel"
        ? sentence(names, event.event, colours)
        : event.kind === "history"
          ? harmless(told(event.event))
          : colours.yellow(event.kind === "lost" ? `does not answer: ${event.reason}` : "answers again");
    const who = event.kind === "history" ? event.event.by : event.sentinel;
    return `${colours.dim(localStamp(time))}  ${column(who)}  ${words}`;
  };
}

/** A Sentinel makes its list of replicas anew with every switch: ms. */
const RELISTED_MS = 100;

/**
 * False for what a person need not read: that a Sentinel knows every replica again, right after it switched to another
 * master. To be asked of one event after the other.
 */
export function isWorthReading(): (event: ClusterEvent) => boolean {
  const switchedAt = new Map<string, number>();
  return (event) => {
    if (event.kind !== "sentinel") return true;
    const { channel } = event.event;
    if (channel === "+switch-master") switchedAt.set(event.sentinel, event.time);
    const since = event.time - (switchedAt.get(event.sentinel) ?? -Infinity);
    return channel !== "+slave" || since > RELISTED_MS;
  };
}

/** One object a line, with the event as it was said. */
export function eventJson(event: ClusterEvent): string {
  const time = new Date(event.time).toISOString();
  switch (event.kind) {
    case "sentinel": {
      const { channel, raw } = event.event;
      return JSON.stringify({ time, source: event.sentinel, kind: "sentinel", event: channel, message: raw });
    }
    case "history": {
      const { by, ...fields } = eventFields(event.event);
      return JSON.stringify({ time, source: by, ...fields });
    }
    case "lost":
      return JSON.stringify({ time, source: event.sentinel, kind: "lost", reason: event.reason });
    case "back":
      return JSON.stringify({ time, source: event.sentinel, kind: "back" });
  }
}

function told({ kind, node, from, to, epoch, cause }: HistoryEvent): string {
  const why = cause === undefined ? "" : `: ${cause.split("\n")[0] ?? ""}`;
  switch (kind) {
    case "node-down":
      return `${node ?? "?"} has ended${why}`;
    case "node-up":
      return `${node ?? "?"} runs again${why}`;
    case "gave-up":
      return `${node ?? "?"} is no longer restarted${why}`;
    case "failover":
    case "switchover": {
      const at = epoch === undefined || epoch === null ? "" : ` at epoch ${epoch}`;
      return `${kind} ${from ?? "?"} → ${to ?? "?"}${at}${why}`;
    }
    case "operation":
    case "steward":
      return cause?.split("\n")[0] ?? kind;
    default:
      return `${kind}${node === undefined ? "" : ` ${node}`}${why}`;
  }
}
