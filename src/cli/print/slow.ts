import prettyMs from "pretty-ms";
import type { SlowEvent } from "../../operations/slow-watch.ts";
import type { MonitoredCommand } from "../../redis/slow.ts";
import { coloursFor } from "./colours.ts";
import { harmless, localStamp, nodeColumn } from "./text.ts";

const LONGEST_COMMAND = 160;

/** One line an event of `vedette monitor`. */
export function slowPrinter(
  names: readonly string[],
  colour: boolean,
): (event: SlowEvent, now: number) => string {
  const colours = coloursFor(colour);
  const column = nodeColumn(names, colours);
  return (event, now) => {
    const line = (time: number, what: string, text: string) =>
      `${column(event.node)}  ${colours.dim(localStamp(time))}  ${what}  ${text}`;
    switch (event.kind) {
      case "slow": {
        const { time, micros, command, client, clientName } = event.entry;
        const who = [client, clientName === null ? null : `(${harmless(clientName)})`].filter(
          (part) => part !== null,
        );
        const from = who.length === 0 ? "" : colours.dim(`  from ${who.join(" ")}`);
        return line(time, colours.yellow("slow   "), `${duration(micros)}  ${commandText(command)}${from}`);
      }
      case "latency":
        return line(
          event.sample.time,
          colours.magenta("latency"),
          `${duration(event.sample.ms * 1000)}  ${event.sample.event}`,
        );
      case "missed":
        return line(
          now,
          colours.yellow("missed "),
          `${event.count} entries: they come faster than slowlog-max-len keeps them`,
        );
      case "lost":
        return line(now, colours.red("lost   "), event.reason);
      case "back":
        return line(
          now,
          colours.green("back   "),
          event.restarted ? "the server was restarted" : "connected again",
        );
      case "thresholds":
        break;
    }
    return line(now, "notes  ", thresholdText(event.slowlogMicros, event.latencyMs));
  };
}

function thresholdText(slowlogMicros: number | null, latencyMs: number | null): string {
  const slow =
    slowlogMicros === null || slowlogMicros < 0
      ? "no commands (slowlog-log-slower-than is off)"
      : `commands from ${duration(slowlogMicros)} on (slowlog-log-slower-than ${slowlogMicros})`;
  const latency =
    latencyMs === null || latencyMs === 0
      ? "no latency events (latency-monitor-threshold is 0)"
      : `latency events from ${duration(latencyMs * 1000)} on (latency-monitor-threshold ${latencyMs})`;
  return `${slow}, ${latency}`;
}

/** The command as one could type it, shortened. */
function commandText(command: readonly string[]): string {
  const text = command
    .map((word) => (/^[\w:.,*@/+-]+$/.test(word) ? word : harmless(JSON.stringify(word))))
    .join(" ");
  return text.length > LONGEST_COMMAND ? `${text.slice(0, LONGEST_COMMAND - 1)}…` : text;
}

function duration(micros: number): string {
  if (micros < 1000) return `${micros} µs`;
  return prettyMs(micros / 1000, { millisecondsDecimalDigits: 1, unitCount: 2 }).replace(".0ms", "ms");
}

/** One object a line. */
export function slowJson(event: SlowEvent, now: number): string {
  const { node, kind } = event;
  const at = (time: number) => ({ time: new Date(time).toISOString(), node, kind });
  switch (event.kind) {
    case "slow": {
      const { id, time, micros, command, client, clientName } = event.entry;
      return JSON.stringify({ ...at(time), id, milliseconds: micros / 1000, command, client, clientName });
    }
    case "latency":
      return JSON.stringify({
        ...at(event.sample.time),
        event: event.sample.event,
        milliseconds: event.sample.ms,
      });
    case "missed":
      return JSON.stringify({ ...at(now), count: event.count });
    case "lost":
      return JSON.stringify({ ...at(now), reason: event.reason });
    case "back":
      return JSON.stringify({ ...at(now), restarted: event.restarted });
    case "thresholds":
      break;
  }
  return JSON.stringify({
    ...at(now),
    slowlogLogSlowerThanMicroseconds: event.slowlogMicros,
    latencyMonitorThresholdMilliseconds: event.latencyMs,
  });
}

/** One command of `vedette monitor --raw --json`. */
export function commandJson(node: string, { time, database, client, command }: MonitoredCommand): string {
  return JSON.stringify({
    time: new Date(time).toISOString(),
    node,
    kind: "command",
    database,
    client,
    command,
  });
}
