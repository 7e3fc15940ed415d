import type { Address } from "../../cluster/snapshot.ts";
import { nameAt } from "../../cluster/view.ts";
import type { HeardEvent } from "../../operations/sentinel-watch.ts";
import type { SentinelEvent } from "../../redis/events.ts";
import type { NodeId, Topology } from "../../topology/model.ts";
import { coloursFor, type Colours } from "./colours.ts";

/** What is needed to say an event in words: `voters` has the ids under which the Sentinels vote for each other. */
export interface EventNames {
  topology: Topology;
  voters: ReadonlyMap<string, NodeId>;
}

/** One event of one Sentinel on a line of its own, `ms` after the fault. */
export function printEvent(
  names: EventNames,
  { sentinel, event }: HeardEvent,
  ms: number,
  colour: boolean,
): string {
  const colours = coloursFor(colour);
  const width = Math.max(...names.topology.sentinel.nodes.map((node) => node.id.length));
  return `${ms.toFixed(0).padStart(7)} ms  ${sentinel.padEnd(width)}  ${sentence(names, event, colours)}`;
}

/** What a Sentinel says in words, or as it says it where we have none. */
export function sentence(names: EventNames, event: SentinelEvent, colours: Colours): string {
  const said = eventInWords(names, event);
  return said === null ? colours.dim(`${event.channel} ${event.raw}`) : paint(event.channel, said, colours);
}

function paint(channel: string, text: string, colours: Colours): string {
  if (channel === "+switch-master" || channel === "+promoted-slave") return colours.green(text);
  if (channel.startsWith("-failover-abort")) return colours.red(text);
  return channel === "+sdown" || channel === "+odown" ? colours.yellow(text) : text;
}

/** Null for what has no words of ours: it is shown as Sentinel says it. */
export function eventInWords(names: EventNames, event: SentinelEvent): string | null {
  const name = (address: Address) => nameAt(names.topology, address);
  switch (event.kind) {
    case "switch-master":
      return `sends clients to ${name(event.to)} (was ${name(event.from)})`;
    case "epoch":
      return `is at epoch ${event.epoch}`;
    case "other":
      return voteOrTilt(names, event);
    case "instance": {
      const said = INSTANCE[event.channel]?.(name(event.address));
      if (said === undefined) return null;
      return event.detail === null ? said : `${said} (${event.detail.replace(/^#/, "")})`;
    }
  }
}

const INSTANCE: Record<string, (node: string) => string> = {
  "+sdown": (node) => `hears nothing of ${node}: subjectively down`,
  "-sdown": (node) => `hears ${node} again`,
  "+odown": (node) => `enough Sentinels agree that ${node} is down: objectively down`,
  "-odown": (node) => `${node} is not objectively down any more`,
  "+try-failover": (node) => `wants to fail ${node} over and asks for votes`,
  "+elected-leader": () => "is elected to lead the failover",
  "+failover-state-select-slave": () => "chooses a replica",
  "+selected-slave": (node) => `has chosen ${node}`,
  "+failover-state-send-slaveof-noone": (node) => `tells ${node} to be master`,
  "+failover-state-wait-promotion": (node) => `waits for ${node} to be master`,
  "+promoted-slave": (node) => `sees that ${node} is master now`,
  "+failover-state-reconf-slaves": () => "points the other replicas to the new master",
  "+slave-reconf-sent": (node) => `has told ${node} whom to follow`,
  "+slave-reconf-inprog": (node) => `sees ${node} follow the new master`,
  "+slave-reconf-done": (node) => `sees ${node} in sync`,
  "+failover-end": () => "has finished the failover",
  "+failover-end-for-timeout": () => "has ended the failover at its timeout",
  "-failover-abort-not-elected": () => "gives up: it was not elected",
  "-failover-abort-no-good-slave": () => "gives up: it finds no replica fit to be promoted",
  "+config-update-from": (node) => `learns the new configuration from ${node}`,
  "+convert-to-slave": (node) => `makes ${node} a replica`,
  "+slave": (node) => `knows ${node} as a replica`,
  "+sentinel": (node) => `knows the Sentinel ${node}`,
  "+monitor": (node) => `watches the master ${node}`,
  "+reset-master": (node) => `has forgotten all it knew of ${node} and its replicas`,
  "+failover-detected": (node) => `notices a failover of ${node} that no Sentinel led`,
  "+fix-slave-config": (node) => `points ${node} to the master that it should follow`,
  "+set": (node) => `was given another setting for ${node}`,
  "+reboot": (node) => `${node} was restarted`,
  "-role-change": (node) => `sees ${node} in another role than it knew`,
  "+role-change": (node) => `sees ${node} in the role it knew`,
};

/** `<id> <epoch>` of a vote; TILT has no arguments. */
function voteOrTilt({ voters }: EventNames, { channel, raw }: SentinelEvent): string | null {
  const [id = "", epoch] = raw.split(" ");
  if (channel === "+tilt") return "is in TILT (its clock jumped, or it was frozen) and acts on nothing";
  if (channel === "-tilt") return "is out of TILT";
  if (channel !== "+vote-for-leader") return null;
  return `votes for ${voters.get(id) ?? id} at epoch ${epoch ?? "?"}`;
}
