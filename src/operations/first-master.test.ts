import { describe, expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import type { Records, RedisRecord, SentinelRecord } from "../runtimes/records.ts";
import { firstMaster, isRefused } from "./first-master.ts";

const { topology } = seedCluster();
const [MASTER, SLAVE_1, SLAVE_2, SLAVE_3] = topology.redis.nodes.map(({ host, port }) => ({ host, port }));

function redis(id: string, seen: Partial<RedisRecord> = {}): RedisRecord {
  const follows = id === "redis-master" ? null : (MASTER ?? null);
  return { node: id, known: true, follows, hasData: true, dataId: "d", epoch: 0, ...seen };
}

function sentinel(n: number, seen: Partial<SentinelRecord> = {}): SentinelRecord {
  return { node: `redis-sentinel-${n}`, known: true, master: MASTER ?? null, epoch: 0, ...seen };
}

const LOST = { known: false, master: null };

/** As after an ordinary life without a failover; `nodes` and `sentinels` are merged over it in their order. */
function records(
  nodes: Partial<RedisRecord>[] = [],
  sentinels: Partial<SentinelRecord>[] = [],
  positions: Records["positions"] = null,
): Records {
  return {
    redis: topology.redis.nodes.map(({ id }, at) => redis(id, nodes[at])),
    sentinels: [1, 2, 3].map((n, at) => sentinel(n, sentinels[at])),
    positions,
  };
}

const blank = (): Records =>
  records(
    Array.from({ length: 4 }, () => ({ known: false, follows: null, hasData: false, dataId: null })),
    [LOST, LOST, LOST],
  );

/** After a failover to redis-slave-1 at epoch 1, which everybody has heard of. */
const moved: Partial<RedisRecord>[] = [
  { follows: SLAVE_1 ?? null, epoch: 1 },
  { follows: null, epoch: 1 },
  { follows: SLAVE_1 ?? null, epoch: 1 },
  { follows: SLAVE_1 ?? null, epoch: 1 },
];

function reason(given: Records): string | null {
  const result = firstMaster(topology, given, null);
  return isRefused(result) ? result.reason : null;
}

describe("the first master", () => {
  it("of a new cluster is the topology's first node", () => {
    expect(firstMaster(topology, blank(), null)).toEqual({ master: MASTER, epoch: 0 });
  });

  it("is not assumed where a node has data that nobody knows of", () => {
    const given = blank();
    given.redis[2] = { ...given.redis[2]!, hasData: true };
    expect(reason(given)).toMatch(/do not agree on a master/);
  });

  it("is what the Sentinels' files say at their highest epoch", () => {
    const given = records(moved, [{ epoch: 0 }, { master: SLAVE_1 ?? null, epoch: 1 }, { epoch: 0 }]);
    expect(firstMaster(topology, given, null)).toEqual({ master: SLAVE_1, epoch: 1 });
  });

  it("is what one Sentinel says that is left, if that node says so too", () => {
    const left = { master: SLAVE_1 ?? null, epoch: 1 };
    expect(firstMaster(topology, records(moved, [LOST, left, LOST]), null)).toEqual({
      master: SLAVE_1,
      epoch: 1,
    });
    // A Sentinel that was cut off before the failover: the nodes know more.
    expect(firstMaster(topology, records(moved, [LOST, {}, LOST]), null)).toEqual({
      master: SLAVE_1,
      epoch: 1,
    });
    // So was the node that it names: dead before the failover, it still takes itself for the master.
    const both = records([{ follows: null, epoch: 0 }, ...moved.slice(1)], [LOST, {}, LOST]);
    expect(firstMaster(topology, both, null)).toEqual({ master: SLAVE_1, epoch: 1 });
    const contradicted = records(
      moved.map((each) => ({ ...each, epoch: 0 })),
      [LOST, {}, LOST],
    );
    expect(firstMaster(topology, contradicted, null)).toEqual({ master: SLAVE_1, epoch: 0 });
  });
});

describe("without any Sentinel's state", () => {
  const lost = [LOST, LOST, LOST];

  it("a majority of the nodes decides, at the highest epoch of any record", () => {
    const given = records([...moved.slice(0, 3), { follows: SLAVE_1 ?? null, epoch: 2 }], lost);
    expect(firstMaster(topology, given, null)).toEqual({ master: SLAVE_1, epoch: 2 });
  });

  it("half of the nodes does not", () => {
    const given = records(
      [...moved.slice(0, 2), { follows: MASTER ?? null }, { known: false, follows: null }],
      lost,
    );
    expect(reason(given)).toMatch(/do not agree/);
  });

  it("a node that followed somebody itself is not chosen", () => {
    const given = records([{ follows: SLAVE_2 ?? null }, {}, {}, {}], lost);
    expect(reason(given)).toBe("most nodes followed redis-master, but by its own record it is no master");
  });

  it("an empty node is not chosen while another has data", () => {
    expect(reason(records([{ hasData: false }], lost))).toMatch(
      /its data directory is empty while others hold data/,
    );
    const all = Array.from({ length: 4 }, () => ({ hasData: false }));
    expect(reason(records(all, lost))).toBeNull();
  });

  it("a node that was promoted later than the chosen one speaks against it, though it is alone", () => {
    // Everything ended before the other replicas had heard of the failover.
    const given = records([{ epoch: 1 }, { epoch: 1 }, { epoch: 1 }, { follows: null, epoch: 2 }], lost);
    expect(reason(given)).toMatch(/redis-slave-3 has lived through a later failover/);
  });

  it("the steward's note speaks against it unless it is older", () => {
    const note = (epoch: number) => ({ at: 1, epoch, master: "redis-slave-3", nodes: {} });
    expect(reason(records(moved, lost, note(1)))).toMatch(/last note says that redis-slave-3 was master/);
    expect(reason(records(moved, lost, note(0)))).toBeNull();
  });

  it("a refusal names every record", () => {
    const positions = {
      at: 1,
      epoch: 1,
      master: "redis-slave-1",
      nodes: {
        "redis-slave-1": { at: 1, role: "master" as const, replId: "r", offset: 77, keys: 5, dataId: "d" },
      },
    };
    const given = records(
      [moved[0]!, moved[1]!, { known: false, hasData: false }, { follows: { host: "h", port: 1 } }],
      lost,
      positions,
    );
    const result = firstMaster(topology, given, null);
    expect(isRefused(result) && result.evidence).toEqual([
      "redis-sentinel-1: has no state",
      "redis-sentinel-2: has no state",
      "redis-sentinel-3: has no state",
      "redis-master: followed redis-slave-1 (config epoch 1 or later), has data",
      "redis-slave-1: was master (config epoch 1 or later), has data, last seen as master at offset 77 with 5 keys",
      "redis-slave-2: has no record, has no data",
      "redis-slave-3: followed h:1 (config epoch 0 or later), has data",
    ]);
  });
});

describe("a forced master", () => {
  it("is what new Sentinels name when none is left, above every epoch on record", () => {
    const given = records([...moved.slice(0, 3), { epoch: 4 }], [LOST, LOST, LOST]);
    expect(firstMaster(topology, given, "redis-slave-3")).toEqual({ master: SLAVE_3, epoch: 4 });
  });

  it("does not make new Sentinels contradict one that is left: it will be asked to move the master", () => {
    const given = records(moved, [LOST, { master: SLAVE_1 ?? null, epoch: 1 }, LOST]);
    expect(firstMaster(topology, given, "redis-slave-3")).toEqual({ master: SLAVE_1, epoch: 1 });
  });
});
