import type { Address } from "../cluster/snapshot.ts";
import { explain } from "../errors.ts";
import { connect } from "../redis/client.ts";
import { parseAddress, parsePeers, parseReplicas } from "../redis/sentinel-replies.ts";
import {
  allNodes,
  nodeAt,
  type ClusterNode,
  type NodeId,
  type SentinelNode,
  type Topology,
} from "../topology/model.ts";
import { ASK_DEADLINE_MS, withNode, type Context } from "./context.ts";

export type AddressRole = "master" | "replica" | "sentinel";

/** An address that Sentinels tell to clients, and what was found there from this machine. */
export interface AddressSeen extends Address {
  /** Null for an address that is no node's. */
  node: NodeId | null;
  role: AddressRole;
  toldBy: NodeId[];
  /** Until it answered a PING: ms; null when it did not. */
  answeredMs: number | null;
  error: string | null;
  /** Another address of the same node that answers from here, where this one does not. */
  instead: Address | null;
}

export interface AddressBook {
  /** Each Sentinel, where this machine asked it, and why it did not answer. */
  sentinels: { node: NodeId; asked: Address; error: string | null }[];
  addresses: AddressSeen[];
}

interface Told extends Address {
  role: AddressRole;
  by: NodeId;
}

/** Asks every Sentinel what it tells clients, and tries each of these addresses from this machine. */
export async function askAddresses(ctx: Context): Promise<AddressBook> {
  const answers = await Promise.all(ctx.topology.sentinel.nodes.map((node) => askOne(ctx, node)));
  const told = answers.flatMap((answer) => answer.told);
  const distinct = new Map(told.map((each) => [`${each.role} ${each.host} ${each.port}`, each]));
  return {
    sentinels: answers.map(({ node, asked, error }) => ({ node, asked, error })),
    addresses: await Promise.all([...distinct.values()].map((each) => tryAddress(ctx, each, told))),
  };
}

/**
 * The natMap of ioredis and node-redis for clients on this machine, null when they need none: every node, also one that
 * is down now.
 */
export function natMapFor(topology: Topology, { addresses }: AddressBook): Record<string, Address> | null {
  if (addresses.every(({ instead }) => instead === null)) return null;
  return Object.fromEntries(allNodes(topology).map(({ host, port, reach }) => [`${host}:${port}`, reach]));
}

async function askOne(ctx: Context, node: SentinelNode) {
  const { name } = ctx.topology;
  const sentinel = { node: node.id, asked: node.reach };
  try {
    const [master, replicas, peers] = await withNode(ctx, node, (redis) =>
      redis.callAll([
        ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", name],
        ["SENTINEL", "REPLICAS", name],
        ["SENTINEL", "SENTINELS", name],
      ]),
    );
    const named = parseAddress(master);
    const told = (role: AddressRole, { host, port }: Address): Told => ({ role, host, port, by: node.id });
    return {
      ...sentinel,
      error: null,
      told: [
        ...(named === null ? [] : [told("master", named)]),
        ...parseReplicas(replicas).map((each) => told("replica", each)),
        ...parsePeers(peers).map((each) => told("sentinel", each)),
      ],
    };
  } catch (error) {
    return { ...sentinel, error: explain(error), told: [] };
  }
}

async function tryAddress(
  ctx: Context,
  { host, port, role }: Told,
  told: readonly Told[],
): Promise<AddressSeen> {
  const node = nodeAt(ctx.topology, host, port);
  const found = await ping(ctx, { host, port });
  const same = told.filter((each) => each.role === role && each.host === host && each.port === port);
  return {
    host,
    port,
    node: node?.id ?? null,
    role,
    toldBy: same.map(({ by }) => by),
    ...found,
    instead: found.error === null || node === null ? null : await otherway(ctx, node),
  };
}

async function otherway(ctx: Context, { host, port, reach }: ClusterNode): Promise<Address | null> {
  if (reach.host === host && reach.port === port) return null;
  return (await ping(ctx, reach)).error === null ? reach : null;
}

async function ping(ctx: Context, at: Address): Promise<{ answeredMs: number | null; error: string | null }> {
  const begun = ctx.clock.monotonic();
  try {
    const redis = await connect({ ...at, password: ctx.password, deadlineMs: ASK_DEADLINE_MS });
    try {
      await redis.call("PING");
    } finally {
      redis.close();
    }
    return { answeredMs: ctx.clock.monotonic() - begun, error: null };
  } catch (error) {
    return { answeredMs: null, error: explain(error) };
  }
}
