import type { EventAddress, SentinelEvent } from "../redis/events.ts";
import type { NodeId } from "../topology/model.ts";

/** A failover as the Sentinel that leads it has told it so far. */
interface Attempt {
  epoch: number;
  from: EventAddress;
  /** The Sentinels found the master down, as against a failover that somebody asked for. */
  ofItsOwn: boolean;
  elected: boolean;
  chosen: EventAddress | null;
}

/** What one Sentinel has told since we listen to it. */
export interface Told {
  /** The last epoch that it entered: its own when `+try-failover` follows. */
  epoch: number | null;
  odown: boolean;
  attempt: Attempt | null;
}

export const NOTHING_TOLD: Told = { epoch: null, odown: false, attempt: null };

/** A failover that a Sentinel was elected to lead, and the replica that it makes master. */
export interface Decided {
  leader: NodeId;
  epoch: number;
  from: EventAddress;
  chosen: EventAddress;
}

/**
 * Adds one event to what a Sentinel has told.
 *
 * sentinelStartFailover tells `+new-epoch` and `+try-failover` in this order with nothing between, so the epoch
 * before the attempt is the attempt's own, also when votes for others bring later ones.
 */
export function hear(told: Told, master: string, event: SentinelEvent): Told {
  if (event.kind === "epoch") return { ...told, epoch: event.epoch };
  if (event.kind === "switch-master")
    return event.name === master ? { ...NOTHING_TOLD, epoch: told.epoch } : told;
  if (event.kind !== "instance" || event.master.name !== master) return told;
  const { attempt } = told;
  switch (event.channel) {
    case "+odown":
    case "-odown":
      return { ...told, odown: event.channel === "+odown" };
    case "+try-failover":
      return { ...told, attempt: begun(told, event.address) };
    case "+elected-leader":
      return { ...told, attempt: attempt && { ...attempt, elected: true } };
    case "+selected-slave":
      return { ...told, attempt: attempt && { ...attempt, chosen: event.address } };
    default:
      return ENDS.test(event.channel) ? { ...told, attempt: null } : told;
  }
}

/** It has noticed the promotion itself and tells the others now, it has given up, or it follows another's decision. */
const ENDS = /^(\+promoted-slave|\+failover-end.*|-failover-abort-.*|\+config-update-from)$/;

function begun({ epoch, odown }: Told, from: EventAddress): Attempt | null {
  return epoch === null ? null : { epoch, from, ofItsOwn: odown, elected: false, chosen: null };
}

/** Null unless all of it is certain: elected, of its own, with an epoch and a choice. */
export function decidedBy(leader: NodeId, { attempt }: Told): Decided | null {
  if (attempt === null || !attempt.ofItsOwn || !attempt.elected || attempt.chosen === null) return null;
  const { epoch, from, chosen } = attempt;
  return { leader, epoch, from, chosen };
}
