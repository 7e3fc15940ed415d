import { isBridged, type Directive, type RedisNode, type SentinelNode, type Topology } from "./model.ts";

/** Where a container keeps what must stay: its volume. */
export const INSIDE_DATA = "/data";
/** Working copies and records, beside the data. */
export const INSIDE_NODE = "/data/vedette";
/** What this machine and a node have in common while it runs, when `vedette up` started it. */
export const INSIDE_RUN = "/run/vedette";
/** What a steward in a container keeps. */
export const INSIDE_STATE = "/state";
/** Templates and the start script, read only. */
export const INSIDE_CONFIG = "/vedette";

/** The cluster as it is seen from a container in the nodes' network, with a state directory there. */
export function fromWithin(topology: Topology): Topology {
  const direct = <Node extends RedisNode | SentinelNode>(node: Node): Node => ({
    ...node,
    reach: { host: node.host, port: node.port },
  });
  const [master, ...replicas] = topology.redis.nodes;
  const [sentinel, ...others] = topology.sentinel.nodes;
  return {
    ...topology,
    stateDir: `${INSIDE_STATE}/${topology.name}`,
    redis: { nodes: [direct(master), ...replicas.map(direct)] },
    sentinel: { ...topology.sentinel, nodes: [direct(sentinel), ...others.map(direct)] },
  };
}

/** The cluster as its own processes see it in their containers. */
export function inside(topology: Topology): Topology {
  const [first, ...others] = topology.redis.nodes;
  return {
    ...topology,
    redis: { nodes: [redisInside(topology, first), ...others.map((node) => redisInside(topology, node))] },
    sentinel: { ...topology.sentinel, nodes: sentinelsInside(topology) },
  };
}

function redisInside(topology: Topology, node: RedisNode): RedisNode {
  return { ...open(topology, node), dataDir: INSIDE_DATA };
}

function sentinelsInside(topology: Topology): [SentinelNode, ...SentinelNode[]] {
  const [first, ...others] = topology.sentinel.nodes;
  return [open(topology, first), ...others.map((node) => open(topology, node))];
}

/**
 * In a network of their own nodes listen on all its addresses: who reaches them from outside is a matter of published
 * ports. Protected mode would refuse the peers, which do not come from 127.0.0.1.
 */
function open<Node extends RedisNode | SentinelNode>(topology: Topology, node: Node): Node {
  if (!isBridged(topology)) return node;
  const unprotected: Directive = {
    name: "protected-mode",
    args: ["no"],
    origin: { from: "derived", why: "in a network of its own" },
  };
  const own = node.directives.filter(
    ({ name, origin }) => name !== unprotected.name || origin.from === "file",
  );
  const given = own.some(({ name }) => name === unprotected.name);
  return {
    ...node,
    bind: ["0.0.0.0"],
    announced: true,
    directives: given ? own : [...own, unprotected],
  };
}
