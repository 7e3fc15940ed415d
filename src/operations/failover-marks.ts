import type { Address } from "../cluster/snapshot.ts";
import type { HeardEvent } from "./sentinel-watch.ts";
import type { Acknowledged } from "./probe-writer.ts";

/** What happened when: ms since the fault. Null for what did not happen, or was not heard. */
export interface FailoverMarks {
  /** The first Sentinel held the master for down (s_down). */
  detectedMs: number | null;
  /** Enough of them agreed (o_down). */
  agreedMs: number | null;
  /** One was elected to lead the failover. */
  electedMs: number | null;
  /** The leader has seen the chosen replica answer as master. */
  promotedMs: number | null;
  /** A client that follows the Sentinels had its first write acknowledged by the new master. */
  firstWriteMs: number | null;
  /** A majority of the Sentinels named the new master. */
  switchedMs: number | null;
  /** Every other replica followed the new master, with its link up. */
  reconfiguredMs: number | null;
  /** The old master was back, in sync, and the cluster whole. */
  backMs: number | null;
}

/** The marks that the Sentinels' own events give; `faultAt` is monotonic ms. */
export function sentinelMarks(
  events: readonly HeardEvent[],
  master: Address,
  faultAt: number,
): Pick<FailoverMarks, "detectedMs" | "agreedMs" | "electedMs" | "promotedMs"> {
  const first = (channel: string) => {
    const found = events.find(
      ({ at, event }) => at >= faultAt && event.channel === channel && concerns(event, master),
    );
    return found === undefined ? null : tenths(found.at - faultAt);
  };
  return {
    detectedMs: first("+sdown"),
    agreedMs: first("+odown"),
    electedMs: first("+elected-leader"),
    promotedMs: first("+promoted-slave"),
  };
}

/** The event is about this master itself, or about a replica of it that was promoted. */
function concerns(event: HeardEvent["event"], master: Address): boolean {
  if (event.kind !== "instance") return false;
  const about = event.channel === "+promoted-slave" ? event.master.address : event.address;
  return about.host === master.host && about.port === master.port;
}

export interface WriteGap {
  /** When the old master acknowledged its last write: ms since the fault, negative before it. */
  lastBeforeMs: number | null;
  firstAfterMs: number | null;
  /** Between the two no write was acknowledged. */
  gapMs: number | null;
}

/** How long a client that follows the Sentinels could not write. */
export function writeGap(acknowledged: readonly Acknowledged[], old: Address, faultAt: number): WriteGap {
  const isOld = ({ by }: Acknowledged) => by.host === old.host && by.port === old.port;
  const first = acknowledged.find((each) => each.at >= faultAt && !isOld(each));
  const last = acknowledged.findLast(
    (each) => isOld(each) && (first === undefined || each.number < first.number),
  );
  const since = (each: Acknowledged | undefined) => (each === undefined ? null : tenths(each.at - faultAt));
  const gap = first === undefined || last === undefined ? null : tenths(first.at - last.at);
  return { lastBeforeMs: since(last), firstAfterMs: since(first), gapMs: gap };
}

export function tenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
