import type { Failover } from "../../operations/failovers.ts";
import type { HistoryEvent } from "../../operations/history.ts";
import type { Happening } from "./history.ts";

/** `vedette history --json`, as docs/json-output.md has it. */
export function historyJson(cluster: string, shown: readonly Happening[]): string {
  const failovers = shown.flatMap((each) => ("failover" in each ? [failoverJson(each.failover)] : []));
  const events = shown.flatMap((each) => ("event" in each ? [eventFields(each.event)] : []));
  return JSON.stringify({ schema: 2, cluster, failovers, events }, null, 2);
}

function failoverJson(failover: Failover): object {
  return { ...failover, time: new Date(failover.time).toISOString() };
}

/** One event of history.jsonl, the same keys always there. */
export function eventFields(event: HistoryEvent): { by: string } & Record<string, unknown> {
  const { time, kind, node, from, to, epoch, cause, durationsMs, by } = event;
  return {
    time: new Date(time).toISOString(),
    kind,
    node: node ?? null,
    from: from ?? null,
    to: to ?? null,
    epoch: epoch ?? null,
    cause: cause ?? null,
    durationsMs: durationsMs ?? {},
    by,
  };
}
