import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { vedette } from "../kit/cli.ts";
import { importRedisImage } from "../kit/docker-image.ts";
import { dockerPlace, freeSubnet, hindrance } from "../kit/docker-place.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

// Programs of the names that Valkey's image has; this machine's Redis is behind them.
describe.skipIf(hindrance !== null)(`containers of Valkey (${hindrance ?? "Docker"})`, () => {
  const place = dockerPlace();
  let cluster: LiveCluster;

  beforeAll(async () => {
    if (hindrance !== null) return;
    await importRedisImage(place.engine(), "valkey/valkey:8.0.2", "valkey");
    const yaml = `runtime: docker\ndocker: { subnet: ${freeSubnet()}, engine: valkey }\n`;
    cluster = await LiveCluster.create(yaml, 10, "docker");
    await cluster.up({ steward: true });
  });
  afterAll(async () => cluster?.destroy());

  it("come up, fail over and are backed up", async () => {
    await cluster.call(await cluster.master(), "SET", "kept", "1");
    const failover = vedette(cluster.dir, "test-failover", "--yes");
    expect(failover.out).toMatch(/0 of \d+ acknowledged writes were lost/);
    expect(failover.code).toBe(0);
    await cluster.settled();
    expect(await cluster.call(await cluster.master(), "GET", "kept")).toBe("1");
    expect(vedette(cluster.dir, "backup")).toMatchObject({ code: 0 });
    expect(vedette(cluster.dir, "connect-master", "--", "GET", "kept")).toMatchObject({ out: "1\n" });
    expect(vedette(cluster.dir, "benchmark", "--requests", "500", "--tests", "set")).toMatchObject({
      code: 0,
    });
  });
});
