import type { RedisSeen, SentinelSeen, Snapshot } from "../cluster/snapshot.ts";
import { nameAt } from "../cluster/view.ts";
import { VedetteError } from "../errors.ts";
import type { NodeId, Topology } from "../topology/model.ts";

/** A node to connect to, and what it is at this moment, as a sentence. */
export interface Chosen {
  node: NodeId;
  host: string;
  port: number;
  /** `redis-slave-1 is master now, at 127.0.0.1:6380` */
  sentence: string;
}

/** Whom a person wants to speak with: a node by its name, or whoever has the role now. */
export type Wish = { node: NodeId } | { role: "master" | "replica" };

/** Throws when nobody has that role, or when the node does not answer. */
export function chooseNode(topology: Topology, snapshot: Snapshot, wish: Wish): Chosen {
  if ("role" in wish) {
    const found = wish.role === "master" ? namedMaster(topology, snapshot) : bestReplica(snapshot);
    return choose(topology, snapshot, found);
  }
  const seen = [...snapshot.nodes, ...snapshot.sentinels].find(({ node }) => node === wish.node);
  if (seen === undefined) throw new VedetteError(`connecting to ${wish.node}: there is no such node`);
  return choose(topology, snapshot, seen);
}

function namedMaster(topology: Topology, { master, nodes, cluster }: Snapshot): RedisSeen {
  const found = nodes.find(({ node }) => node === master?.node);
  if (found !== undefined) return found;
  const why =
    master === null
      ? "no majority of the Sentinels names one"
      : `the Sentinels name ${nameAt(topology, master)}, which is no node of this topology`;
  throw new VedetteError(`connecting to the master of ${cluster}: ${why}`, {
    next: "type `vedette status` to see why",
  });
}

/** The linked replica that lags least, by bytes and then by when it last heard from its master. */
function bestReplica({ nodes, cluster }: Snapshot): RedisSeen {
  const far = Number.MAX_SAFE_INTEGER;
  const [best] = nodes
    .filter(({ state, role, link }) => state === "up" && role === "replica" && link === "up")
    .toSorted(
      (a, b) => (a.lagBytes ?? far) - (b.lagBytes ?? far) || (a.lagSeconds ?? far) - (b.lagSeconds ?? far),
    );
  if (best !== undefined) return best;
  throw new VedetteError(`connecting to a replica of ${cluster}: none is linked to its master`, {
    next: "type `vedette status` to see why, or name a node: `vedette connect NODE`",
  });
}

function choose(topology: Topology, snapshot: Snapshot, seen: RedisSeen | SentinelSeen): Chosen {
  const { node, host, port } = seen;
  const at = `${host}:${port}`;
  if (!answers(seen)) {
    const why = seen.authError ? "it rejects the password of this topology" : (seen.reason ?? "it is down");
    throw new VedetteError(`connecting to ${node} at ${at}: ${why}`, { next: nextStep(seen) });
  }
  return { node, host, port, sentence: `${node} ${whatNow(topology, snapshot, seen)}, at ${at}` };
}

function answers(seen: RedisSeen | SentinelSeen): boolean {
  if ("up" in seen) return seen.up;
  return seen.state === "up" || seen.state === "loading";
}

function nextStep({ node, authError, pid }: RedisSeen | SentinelSeen): string {
  if (authError) return "look at security.passwordFile of the topology: the node runs with another password";
  return pid === null ? `start it with \`vedette start ${node}\`` : `look at \`vedette logs ${node}\``;
}

function whatNow(topology: Topology, snapshot: Snapshot, seen: RedisSeen | SentinelSeen): string {
  if ("up" in seen) {
    const named = seen.master === null ? "nobody" : nameAt(topology, seen.master);
    return `is a Sentinel and names ${named} as master`;
  }
  if (seen.state === "loading") return "reads its data set";
  if (seen.role === "replica") return `is a replica now${ofWhom(topology, seen)}`;
  if (seen.fenced) return "is master now, but refuses writes until the Sentinels confirm it";
  return snapshot.master?.node === seen.node
    ? "is master now"
    : "calls itself master, but the Sentinels do not name it";
}

function ofWhom(topology: Topology, { follows, link, lagBytes }: RedisSeen): string {
  const master = follows === null ? "" : ` of ${nameAt(topology, follows)}`;
  if (link !== "up") return `${master} (link ${link ?? "unknown"})`;
  return `${master} (${lagBytes === null ? "linked" : `${lagBytes} bytes behind`})`;
}
