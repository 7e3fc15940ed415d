import * as z from "zod";
import { addressOf, networkName } from "../../topology/docker.ts";
import { isBridged, type ClusterNode, type Topology } from "../../topology/model.ts";
import { EngineError, type Engine } from "./engine.ts";

const Networks = z.array(
  z.object({
    Name: z.string(),
    IPAM: z.object({ Config: z.array(z.object({ Subnet: z.string().optional() })).nullish() }),
  }),
);

/** Other networks of the engine that have addresses of the subnet that the cluster is to have, as sentences. */
export async function takenSubnets(engine: Engine, topology: Topology): Promise<string[]> {
  if (!isBridged(topology)) return [];
  const { subnet } = topology.docker;
  const answer = await engine.json("GET", "/networks", { doing: "listing Docker's networks" });
  return Networks.parse(answer).flatMap(({ Name, IPAM }) => {
    if (Name === networkName(topology.name)) return [];
    const overlapping = (IPAM.Config ?? []).find(
      ({ Subnet }) => Subnet !== undefined && overlap(Subnet, subnet),
    );
    return overlapping === undefined
      ? []
      : [
          `the subnet ${subnet} overlaps with ${overlapping.Subnet} of Docker's network ${Name}: set docker.subnet to another`,
        ];
  });
}

export async function networkExists(engine: Engine, name: string): Promise<boolean> {
  try {
    await engine.json("GET", `/networks/${name}`, { doing: `looking for network ${name}` });
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false;
    throw error;
  }
}

export async function removeNetwork(engine: Engine, name: string): Promise<void> {
  await engine.json("DELETE", `/networks/${name}`, { doing: `deleting network ${name}` });
}

/** Takes a container out of the nodes' network, as if its host were unplugged. */
export async function disconnect(engine: Engine, topology: Topology, container: string): Promise<void> {
  await engine.json("POST", `/networks/${networkName(topology.name)}/disconnect`, {
    doing: `taking ${container} out of the network`,
    body: { Container: container },
  });
}

/** Puts it back at its own address. */
export async function reconnect(
  engine: Engine,
  topology: Topology,
  node: ClusterNode,
  container: string,
): Promise<void> {
  const nodes: ClusterNode[] = node.kind === "redis" ? topology.redis.nodes : topology.sentinel.nodes;
  const address = addressOf(
    topology.docker.subnet,
    node.kind,
    nodes.findIndex(({ id }) => id === node.id),
  );
  await engine.json("POST", `/networks/${networkName(topology.name)}/connect`, {
    doing: `putting ${container} back into the network`,
    body: {
      Container: container,
      EndpointConfig: { IPAMConfig: { IPv4Address: address }, Aliases: [node.id] },
    },
  });
}

/** Whether two IPv4 networks in CIDR form have an address in common. */
export function overlap(one: string, other: string): boolean {
  const [a, b] = [range(one), range(other)];
  return a !== null && b !== null && a.first <= b.last && b.first <= a.last;
}

function range(cidr: string): { first: number; last: number } | null {
  const [address = "", bits = ""] = cidr.split("/");
  const bytes = address.split(".").map(Number);
  const length = Number(bits);
  if (bytes.length !== 4 || bytes.some(Number.isNaN) || bits === "" || Number.isNaN(length)) return null; // IPv6
  const size = 2 ** (32 - length);
  const at = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  const first = at - (at % size);
  return { first, last: first + size - 1 };
}
