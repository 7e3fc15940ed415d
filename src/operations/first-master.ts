import type { Address } from "../cluster/snapshot.ts";
import type { Records, RedisRecord } from "../runtimes/records.ts";
import type { FirstFacts } from "../runtimes/runtime.ts";
import { majority, nodeAt, type NodeId, type RedisNode, type Topology } from "../topology/model.ts";

/** Why no master can be chosen without a person, with every node's record as evidence. */
export interface NoFirstMaster {
  reason: string;
  evidence: string[];
}

/**
 * The master that configurations made now must name.
 *
 * A new cluster starts from the topology's first node. In a cluster that has lived, the Sentinels' own records
 * decide; if too few of them are left, the nodes' records do, and only if they leave one answer. `force` is the
 * user's explicit choice.
 */
export function firstMaster(
  topology: Topology,
  records: Records,
  force: NodeId | null,
): FirstFacts | NoFirstMaster {
  const epoch = highestEpoch(records);
  // Sentinels that are left keep their say: new ones that contradict them would only leave no majority. They are
  // asked to fail over to the chosen node then.
  if (force !== null) return { master: lastNamed(records)?.master ?? addressOf(topology, force), epoch };
  if (isNew(records)) return { master: addressOf(topology, topology.redis.nodes[0].id), epoch: 0 };
  return bySentinels(topology, records, epoch) ?? byNodes(topology, records, epoch);
}

export function isRefused(result: FirstFacts | NoFirstMaster): result is NoFirstMaster {
  return "reason" in result;
}

/** Nothing was ever prepared and no data is there. */
function isNew(records: Records): boolean {
  return (
    !records.sentinels.some((each) => each.known) && !records.redis.some((each) => each.known || each.hasData)
  );
}

/** What the Sentinels' files say at their highest epoch, if enough of them are left or the nodes confirm it. */
function bySentinels(topology: Topology, records: Records, epoch: number): FirstFacts | null {
  const last = lastNamed(records);
  if (last === null) return null;
  if (last.of >= majority(topology)) return { master: last.master, epoch: last.epoch };
  if (last.epoch < epoch) return null;
  const saysMaster = recordAt(topology, records, last.master)?.follows === null;
  return saysMaster ? { master: last.master, epoch: last.epoch } : null;
}

/** The master at the highest epoch in the files of the Sentinels that are left, and how many those are. */
function lastNamed(records: Records): (FirstFacts & { of: number }) | null {
  const known = records.sentinels.filter((each) => each.known && each.master !== null);
  const highest = Math.max(-1, ...known.map((each) => each.epoch));
  const master = known.find((each) => each.epoch === highest)?.master;
  return master ? { master, epoch: highest, of: known.length } : null;
}

/**
 * A majority of the nodes must agree, the chosen one included, and neither the steward's last note nor a node
 * that has lived through a later epoch may speak against it.
 */
function byNodes(topology: Topology, records: Records, epoch: number): FirstFacts | NoFirstMaster {
  const votes = new Map<NodeId, number>();
  for (const record of records.redis) {
    const choice = choiceOf(topology, record);
    if (choice !== null) votes.set(choice, (votes.get(choice) ?? 0) + 1);
  }
  const [best] = [...votes].sort((a, b) => b[1] - a[1]);
  const needed = Math.floor(topology.redis.nodes.length / 2) + 1;
  const refuse = (reason: string) => ({ reason, evidence: evidence(topology, records) });
  if (best === undefined || best[1] < needed) {
    return refuse("the Sentinels have lost their state, and the nodes' records do not agree on a master");
  }
  const [chosen] = best;
  const record = records.redis.find((each) => each.node === chosen);
  if (record?.follows !== null)
    return refuse(`most nodes followed ${chosen}, but by its own record it is no master`);
  if (!record.hasData && records.redis.some((each) => each.hasData)) {
    return refuse(`most nodes followed ${chosen}, but its data directory is empty while others hold data`);
  }
  const later = records.redis.find(
    (each) => each.epoch > record.epoch && choiceOf(topology, each) !== chosen,
  );
  if (later !== undefined) {
    return refuse(
      `most nodes followed ${chosen}, but ${later.node} has lived through a later failover and did not`,
    );
  }
  const noted = records.positions?.master ?? null;
  if (noted !== null && noted !== chosen && (records.positions?.epoch ?? 0) >= record.epoch) {
    return refuse(`most nodes followed ${chosen}, but the steward's last note says that ${noted} was master`);
  }
  return { master: addressOf(topology, chosen), epoch };
}

function choiceOf(topology: Topology, record: RedisRecord): NodeId | null {
  if (!record.known) return null;
  if (record.follows === null) return record.node;
  return nodeAt(topology, record.follows.host, record.follows.port)?.id ?? null;
}

/** No record may be ahead of the Sentinels that are seeded now: safe start refuses Sentinels that know less. */
function highestEpoch(records: Records): number {
  return Math.max(
    0,
    records.positions?.epoch ?? 0,
    ...records.redis.map((each) => each.epoch),
    ...records.sentinels.map((each) => each.epoch),
  );
}

function evidence(topology: Topology, records: Records): string[] {
  const sentinels = records.sentinels.map((each) =>
    each.known && each.master !== null
      ? `${each.node}: names ${name(topology, each.master)} at config epoch ${each.epoch}`
      : `${each.node}: has no state`,
  );
  const nodes = records.redis.map((each) => {
    const role = each.follows === null ? "was master" : `followed ${name(topology, each.follows)}`;
    const data = each.hasData ? "has data" : "has no data";
    const at = records.positions?.nodes[each.node];
    const position =
      at === undefined ? "" : `, last seen as ${at.role} at offset ${at.offset} with ${at.keys} keys`;
    return each.known
      ? `${each.node}: ${role} (config epoch ${each.epoch} or later), ${data}${position}`
      : `${each.node}: has no record, ${data}${position}`;
  });
  return [...sentinels, ...nodes];
}

function name(topology: Topology, address: Address): string {
  return nodeAt(topology, address.host, address.port)?.id ?? `${address.host}:${address.port}`;
}

function recordAt(topology: Topology, records: Records, address: Address): RedisRecord | undefined {
  const node = nodeAt(topology, address.host, address.port);
  return records.redis.find((each) => each.node === node?.id);
}

function addressOf(topology: Topology, id: NodeId): Address {
  const node: RedisNode = topology.redis.nodes.find((each) => each.id === id) ?? topology.redis.nodes[0];
  return { host: node.host, port: node.port };
}
