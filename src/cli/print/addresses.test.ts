import { describe, expect, it } from "vitest";
import { natMapFor, type AddressBook, type AddressSeen } from "../../operations/addresses.ts";
import { parseTopology } from "../../topology/load.ts";
import { printAddresses } from "./addresses.ts";

const golden = (name: string) => new URL(`../../../test/golden/${name}.txt`, import.meta.url).pathname;
const { topology } = parseTopology(
  "runtime: docker\nredis: { replicas: 1 }\n",
  "/vedette.yaml",
  "vedette.yaml",
);
const sentinels = topology.sentinel.nodes.map(({ id, reach }) => ({ node: id, asked: reach, error: null }));

const seen = (change: Partial<AddressSeen>): AddressSeen => ({
  host: "172.28.0.10",
  port: 6379,
  node: "redis-master",
  role: "master",
  toldBy: sentinels.map(({ node }) => node),
  answeredMs: 1.23,
  error: null,
  instead: null,
  ...change,
});
const replica = { host: "172.28.0.11", port: 6380, node: "redis-slave-1", role: "replica" } as const;
const silent = { answeredMs: null, error: "PING 172.28.0.11:6380: timed out after 1000 ms" };

const BOOKS: Record<string, AddressBook> = {
  reached: { sentinels, addresses: [seen({}), seen(replica)] },
  translated: {
    sentinels,
    addresses: [seen({}), seen({ ...replica, ...silent, instead: { host: "127.0.0.1", port: 6380 } })],
  },
  unreached: {
    sentinels: sentinels.map((each, at) => (at === 2 ? { ...each, error: "connection refused" } : each)),
    addresses: [
      seen({ toldBy: ["redis-sentinel-1", "redis-sentinel-2"] }),
      seen({ ...replica, ...silent, toldBy: ["redis-sentinel-1", "redis-sentinel-2"] }),
      seen({ host: "172.28.0.9", port: 6379, node: null, role: "replica", toldBy: ["redis-sentinel-1"] }),
    ],
  },
};

describe("addresses", () => {
  it.each(Object.entries(BOOKS))("are printed as %s", async (name, book) => {
    await expect(`${printAddresses(topology, book, false)}\n`).toMatchFileSnapshot(
      golden(`addresses-${name}`),
    );
  });

  it("need a map where one is reached in another way, and then for every node", () => {
    expect(natMapFor(topology, BOOKS["reached"] as AddressBook)).toBeNull();
    expect(natMapFor(topology, BOOKS["unreached"] as AddressBook)).toBeNull();
    const map = natMapFor(topology, BOOKS["translated"] as AddressBook);
    expect(map).toMatchObject({ "172.28.0.11:6380": { host: "127.0.0.1", port: 6380 } });
    expect(Object.keys(map ?? {})).toHaveLength(5);
  });
});
