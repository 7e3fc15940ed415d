import { describe, expect, it } from "vitest";
import { parseTopology } from "./load.ts";
import { sandboxTopology } from "./sandbox.ts";

function copyOf(text: string) {
  const { topology } = parseTopology(text, "/srv/app/vedette.yaml", "the topology");
  return parseTopology(sandboxTopology(text, topology, 21_000), "/tmp/copy/vedette.yaml", "the copy")
    .topology;
}

describe("a sandbox's topology", () => {
  it("is the same cluster on ports of its own", () => {
    const copy = copyOf(
      "name: shop\nredis: { replicas: 2 }\nsentinel: { downAfter: 3s }\nproduction: true\n",
    );
    expect(copy).toMatchObject({ name: "shop", production: false, stateDir: "/tmp/copy/.vedette/shop" });
    expect(copy.redis.nodes.map((node) => node.port)).toEqual([21_000, 21_001, 21_002]);
    expect(copy.sentinel.nodes.map((node) => node.port)).toEqual([21_003, 21_004, 21_005]);
    expect(copy.sentinel.downAfterMs).toBe(3_000);
  });

  it("is one of processes, whatever the cluster runs as", () => {
    const copy = copyOf("runtime: docker\ndocker: { memory: 2gb, subnet: 172.31.7.0/24 }\nsize: dev\n");
    expect(copy.runtime).toBe("local");
    expect(copy.redis.nodes.every(({ host }) => host === "127.0.0.1")).toBe(true);
    expect(copy.docker.memoryBytes).toBeNull();
  });

  it.each(["", "redis:\nsentinel:\nsecurity:\n", "# nothing\n"])("can be made of %j", (text) => {
    expect(copyOf(text).redis.nodes).toHaveLength(4);
  });

  it("shares no place, socket or script with the real cluster, and keeps its settings", () => {
    const copy = copyOf(`
stateDir: /var/lib/vedette
backupDir: /mnt/backups
bind: 10.0.0.5
security: { passwordFile: secret }
redis:
  dataDir: /mnt/data
  config: { maxmemory: 512mb }
  nodes:
    redis-slave-1: { port: 7000, bind: 10.0.0.6, announce: 192.0.2.1, dataDir: /mnt/other, config: { replica-priority: 5, unixsocket: /run/redis.sock } }
sentinel:
  config: { notification-script: /usr/local/bin/page }
  nodes:
    redis-sentinel-1: { port: 7001 }
`);
    const all = JSON.stringify(copy);
    expect(all).not.toMatch(/\/mnt|\/var|10\.0\.0|192\.0|\/run\/redis|7000|7001|notification/);
    expect(copy.security.passwordFile).toBe("/srv/app/secret");
    expect(copy.redis.nodes[1]?.priority).toBe(5);
    expect(all).toContain("512mb");
  });
});
