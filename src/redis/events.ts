/**
 * What Sentinel tells its subscribers. `PSUBSCRIBE *` on a Sentinel gives one message an event; its channel
 * is the event's name.
 */

export interface EventAddress {
  host: string;
  port: number;
}

export type SentinelEvent =
  | {
      kind: "switch-master";
      channel: "+switch-master";
      /** The master's name. */
      name: string;
      from: EventAddress;
      to: EventAddress;
      raw: string;
    }
  | {
      kind: "epoch";
      channel: "+new-epoch";
      epoch: number;
      raw: string;
    }
  | {
      /** Anything that concerns one instance: `+sdown`, `+promoted-slave`, `-failover-abort-not-elected`, … */
      kind: "instance";
      channel: string;
      instance: "master" | "replica" | "sentinel";
      name: string;
      address: EventAddress;
      /** The master it belongs to; for a master, itself. */
      master: { name: string; address: EventAddress };
      /** What follows the addresses: `#quorum 2/2`. */
      detail: string | null;
      raw: string;
    }
  | {
      /** `+tilt`, `-tilt`, `+vote-for-leader <run id> <epoch>` and whatever a later version invents. */
      kind: "other";
      channel: string;
      raw: string;
    };

/** Never throws: a message of an unknown form is `other`. */
export function parseEvent(channel: string, message: string): SentinelEvent {
  return (
    switchMaster(channel, message) ??
    newEpoch(channel, message) ??
    instance(channel, message) ?? {
      kind: "other",
      channel,
      raw: message,
    }
  );
}

/** `mymaster 127.0.0.1 6379 127.0.0.1 6380` */
function switchMaster(channel: string, raw: string): SentinelEvent | null {
  if (channel !== "+switch-master") return null;
  const [name, fromHost, fromPort, toHost, toPort, ...more] = raw.split(" ");
  const from = address(fromHost, fromPort);
  const to = address(toHost, toPort);
  if (name === undefined || from === null || to === null || more.length > 0) return null;
  return { kind: "switch-master", channel, name, from, to, raw };
}

function newEpoch(channel: string, raw: string): SentinelEvent | null {
  if (channel !== "+new-epoch" || !/^\d+$/.test(raw)) return null;
  return { kind: "epoch", channel, epoch: Number(raw), raw };
}

const INSTANCES = { master: "master", slave: "replica", replica: "replica", sentinel: "sentinel" } as const;

/**
 * `<type> <name> <ip> <port>[ @ <master> <ip> <port>][ <detail>]`, as sentinelEvent() writes `%@`. A master has
 * no `@` part.
 */
function instance(channel: string, raw: string): SentinelEvent | null {
  const [type = "", name, host, port, ...rest] = raw.split(" ");
  const own = address(host, port);
  if (!isInstance(type) || name === undefined || own === null) return null;
  const common = { kind: "instance", channel, instance: INSTANCES[type], name, address: own, raw } as const;
  if (rest[0] !== "@") return { ...common, master: { name, address: own }, detail: rest.join(" ") || null };
  const [, masterName, masterHost, masterPort, ...detail] = rest;
  const master = address(masterHost, masterPort);
  if (masterName === undefined || master === null) return null;
  return { ...common, master: { name: masterName, address: master }, detail: detail.join(" ") || null };
}

function isInstance(type: string): type is keyof typeof INSTANCES {
  return Object.hasOwn(INSTANCES, type);
}

function address(host: string | undefined, port: string | undefined): EventAddress | null {
  if (host === undefined || host === "" || port === undefined || !/^\d{1,5}$/.test(port)) return null;
  return { host, port: Number(port) };
}
