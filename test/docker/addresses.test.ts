import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { networkInterfaces, tmpdir } from "node:os";
import { join } from "node:path";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { askAddresses } from "../../src/operations/addresses.ts";
import { vedette } from "../kit/cli.ts";
import { dockerCluster, dockerPlace, hindrance } from "../kit/docker-place.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

describe.skipIf(hindrance !== null)(`addresses of containers (${hindrance ?? "Docker"})`, () => {
  const place = dockerPlace();

  describe("in a network of their own", () => {
    let cluster: LiveCluster;
    beforeAll(async () => {
      if (hindrance !== null) return;
      cluster = await dockerCluster();
      await cluster.up({ steward: true });
    });
    afterAll(async () => cluster?.destroy());

    /** What a client in the network does that knows nothing but a Sentinel: a container of the same image. */
    const inside = async (script: string) => {
      const sentinel = cluster.topology.sentinel.nodes[0];
      const args = ["run", "--rm", "--network", `${cluster.topology.name}-network`, "--entrypoint", "sh"];
      args.push("-e", `S=-h ${sentinel.host} -p ${sentinel.port}`, "-e", `NAME=${cluster.topology.name}`);
      return place.engine().docker(...args, "redis:7.4.2", "-c", script);
    };
    const FOLLOW = "set -- $(redis-cli $S sentinel get-master-addr-by-name $NAME) && redis-cli -h $1 -p $2";
    const onHost = () =>
      new Redis({
        sentinels: cluster.topology.sentinel.nodes.map(({ reach }) => reach),
        name: cluster.topology.name,
        sentinelRetryStrategy: () => 50,
        maxRetriesPerRequest: null,
      });

    it("let a client in the network and one on this machine follow a failover by what Sentinel tells", async () => {
      const client = onHost();
      client.on("error", () => {}); // a connection that breaks in a failover is what is expected
      try {
        await client.set("host", "before");
        expect(await inside(`${FOLLOW} set inside before`)).toBe("OK");
        const old = await cluster.master();
        await place.engine().docker("kill", `${cluster.topology.name}-${old}`);
        await cluster.eventually(
          "another master",
          ({ master }) => ![undefined, null, old].includes(master?.node),
        );
        await client.set("host", "after");
        const writes = async () => (await inside(`${FOLLOW} set inside after`)) === "OK";
        expect(await until(writes, { deadlineMs: 20_000, everyMs: 200 })).not.toBeNull();
        expect(await client.mget("host", "inside")).toEqual(["after", "after"]);
        await cluster.settled();
      } finally {
        client.disconnect();
      }
    });

    it("are what `vedette addresses` tells, each tried from here", async () => {
      await cluster.settled();
      const told = vedette(cluster.dir, "addresses");
      expect(told.code).toBe(0);
      expect(told.out).toMatch(/A client on this machine reaches every address/);
      const book = await askAddresses(cluster.ctx);
      expect(book.addresses).toHaveLength(7);
      expect(book.addresses.every(({ node, answeredMs }) => node !== null && answeredMs !== null)).toBe(true);
    });

    it("are named by `vedette addresses` when a client here could not get there", async () => {
      const master = await cluster.master();
      const replica = cluster.redis().find((node) => node !== master) ?? "";
      expect(vedette(cluster.dir, "stop", replica).code).toBe(0);
      const failed = vedette(cluster.dir, "addresses", "--json");
      expect(failed.code).toBe(1);
      const { addresses } = JSON.parse(failed.out) as { addresses: { node: string; error: string | null }[] };
      expect(addresses.find(({ node }) => node === replica)?.error).toMatch(/refused|timed out|unreachable/i);
      expect(vedette(cluster.dir, "start", replica).code).toBe(0);
      await cluster.settled();
    });
  });

  it("may be those of the machine itself", async () => {
    const cluster = await LiveCluster.create("runtime: docker\ndocker: { network: host }\n", 10, "docker");
    try {
      await cluster.up({ steward: true });
      const snapshot = await cluster.settled();
      expect(snapshot.master?.host).toBe("127.0.0.1");
      const old = await cluster.master();
      await place.engine().docker("kill", `${cluster.topology.name}-${old}`);
      await cluster.eventually(
        "another master",
        ({ master }) => ![undefined, null, old].includes(master?.node),
      );
      await cluster.settled();
    } finally {
      await cluster.destroy();
    }
  });

  const lan = Object.values(networkInterfaces())
    .flat()
    .find((each) => each?.family === "IPv4" && !each.internal && !each.address.startsWith("172."))?.address;

  it.skipIf(lan === undefined)(
    "may be one that other machines see, which every node then announces",
    async () => {
      const dir = mkdtempSync(join(tmpdir(), "vedette-lan-"));
      writeFileSync(join(dir, "secret"), "a-password", { mode: 0o600 });
      const cluster = await dockerCluster(
        `bind: [127.0.0.1, ${lan}]\nannounce: ${lan}\nsecurity: { passwordFile: ${dir}/secret }\n`,
      );
      try {
        await cluster.up({ steward: true });
        const snapshot = await cluster.settled();
        expect(snapshot.nodes.every(({ host }) => host === lan)).toBe(true);
        expect(snapshot.nodes.filter(({ follows }) => follows?.host === lan)).toHaveLength(3);
        const { addresses } = await askAddresses(cluster.ctx);
        expect(addresses.every(({ host, answeredMs }) => host === lan && answeredMs !== null)).toBe(true);
        const old = await cluster.master();
        await place.engine().docker("kill", `${cluster.topology.name}-${old}`);
        await cluster.eventually(
          "another master",
          ({ master }) => ![undefined, null, old].includes(master?.node),
        );
        await cluster.settled();
      } finally {
        await cluster.destroy();
        rmSync(dir, { recursive: true, force: true });
      }
    },
  );
});
