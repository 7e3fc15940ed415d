import type { EventAddress, SentinelEvent } from "../events.ts";

/** What a Sentinel's event means for a client. */
export type Reaction =
  /** Sentinel has chosen this replica: the old master's days are over, watch it become master. */
  | { do: "await"; replica: EventAddress }
  /** Sentinel names this master. */
  | { do: "move"; master: EventAddress }
  /** The replica was not promoted in time: its failover is off. */
  | { do: "forget" }
  /** Something was decided that this event does not name: ask. */
  | { do: "ask" };

/**
 * The events to subscribe to, so that an ACL of these channels is enough.
 *
 * `+failover-state-send-slaveof-noone` comes one of Sentinel's ticks (up to 0.1 s) before the replica detaches. Who
 * leaves the old master then has its last writes replicated; who waits for `+switch-master`, 0.9 s after the
 * promotion, goes on writing what a live old master will lose.
 */
export const CHANNELS = [
  "+failover-state-send-slaveof-noone",
  "+failover-state-wait-promotion",
  "+promoted-slave",
  "+failover-state-reconf-slaves",
  "+config-update-from",
  "+switch-master",
  "-failover-abort-slave-timeout",
] as const;

/** What to do about an event, if it is about the master of this name. */
export function reactionTo(event: SentinelEvent, name: string): Reaction | null {
  if (event.kind === "switch-master") return event.name === name ? { do: "move", master: event.to } : null;
  if (event.kind !== "instance" || event.master.name !== name) return null;
  switch (event.channel) {
    case "+failover-state-send-slaveof-noone":
    case "+failover-state-wait-promotion":
    case "+promoted-slave":
      return event.instance === "replica" ? { do: "await", replica: event.address } : null;
    case "+failover-state-reconf-slaves":
    case "+config-update-from":
      return { do: "ask" };
    case "-failover-abort-slave-timeout":
      return { do: "forget" };
    default:
      return null;
  }
}
