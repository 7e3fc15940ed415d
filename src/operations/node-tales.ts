import { nameAt } from "../cluster/view.ts";
import type { NodeId, Topology } from "../topology/model.ts";
import type { LogLine } from "./log-lines.ts";

/** What a data node's log says of its part in a failover. Times are wall clock ms. */
export type NodeTale = { node: NodeId; time: number } & (
  | { what: "promoted" }
  /** Where its history ends and its own begins: bytes. */
  | { what: "forks"; replId: string; offset: number }
  | { what: "lost" }
  /** It has everything up to this offset and asks for what follows: bytes. */
  | { what: "asks"; replId: string; offset: number }
  | { what: "linked"; to: NodeId | null }
);

/** What of a node's log belongs to its tale. Valkey says primary where Redis says master. */
export const NODE_LINE =
  /(?:MASTER|PRIMARY) MODE enabled|Setting secondary replication ID|Connection with (?:master|primary) lost|Connecting to (?:MASTER|PRIMARY)|Trying a partial resync|Successful partial resync|sync: Finished with success/;

const FORKS = /^Setting secondary replication ID to (\w+), valid up to offset: (\d+)/;
const ASKS = /^Trying a partial resynchronization \(request (\w+):(\d+)\)/;
const CONNECTS = /^Connecting to (?:MASTER|PRIMARY) (.+):(\d+)/;
const LINKED =
  /^(?:Successful partial resynchronization|(?:MASTER|PRIMARY) <-> REPLICA sync: Finished with success)/;

/** All nodes' tales, oldest first. */
export function nodeTales(topology: Topology, lines: readonly LogLine[]): NodeTale[] {
  const connecting = new Map<NodeId, NodeId>();
  return lines
    .flatMap((line): NodeTale[] => {
      const { node, time, message } = line;
      const [, host, port] = CONNECTS.exec(message) ?? [];
      if (host !== undefined) connecting.set(node, nameAt(topology, { host, port: Number(port) }));
      const tale = time === null ? null : tell(message, connecting.get(node) ?? null);
      return tale === null || time === null ? [] : [{ node, time, ...tale }];
    })
    .sort((a, b) => a.time - b.time);
}

type Told = NodeTale extends infer T ? (T extends NodeTale ? Omit<T, "node" | "time"> : never) : never;

function tell(message: string, connecting: NodeId | null): Told | null {
  if (/^(?:MASTER|PRIMARY) MODE enabled/.test(message)) return { what: "promoted" };
  if (/^Connection with (?:master|primary) lost/.test(message)) return { what: "lost" };
  if (LINKED.test(message)) return { what: "linked", to: connecting };
  const [, forkId, forkOffset] = FORKS.exec(message) ?? [];
  if (forkId !== undefined) return { what: "forks", replId: forkId, offset: Number(forkOffset) - 1 };
  const [, askId, askOffset] = ASKS.exec(message) ?? [];
  // It names the first byte that it does not have.
  return askId === undefined ? null : { what: "asks", replId: askId, offset: Number(askOffset) - 1 };
}
