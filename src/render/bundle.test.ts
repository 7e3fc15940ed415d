import { readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadTopology, parseTopology } from "../topology/load.ts";
import { renderBundle } from "./bundle.ts";
import { parseConf } from "./conf-syntax.ts";
import { redisConfLines, renderRedisConf } from "./redis-conf.ts";
import { renderSentinelConf, sentinelConfLines } from "./sentinel-conf.ts";

const load = (text: string) => parseTopology(text, "/srv/app/vedette.yaml", "vedette.yaml").topology;
const CONFIG = fileURLToPath(new URL("../../config", import.meta.url));

/** The lines of a rendered file that are not comments. */
const bare = (text: string) => parseConf(text).map(({ name, args }) => [name, ...args].join(" "));

describe("the rendered defaults", () => {
  const bundle = renderBundle(loadTopology(null, "/srv/app").topology);

  it("stand in config/, and nothing else does", async () => {
    for (const file of bundle) await expect(file.content).toMatchFileSnapshot(`${CONFIG}/${file.path}`);
    const conf = readdirSync(CONFIG).filter((name) => name.endsWith(".conf"));
    expect(conf.toSorted()).toEqual(bundle.map((file) => file.path).toSorted());
  });

  it("have the seed's names and no path of this machine", () => {
    expect(bundle.map((file) => file.path).join(" ")).toBe(
      "redis-master.conf redis-slave-1.conf redis-slave-2.conf redis-slave-3.conf " +
        "sentinel-1.conf sentinel-2.conf sentinel-3.conf",
    );
    expect(bundle.map((file) => file.content).join("")).not.toContain("/srv");
  });

  it("say what they are and what to edit instead", () => {
    for (const { content } of bundle) {
      expect(content).toMatch(/^# redis-[a-z0-9-]+: (?:redis|sentinel)\.conf of /);
      expect(content).toContain("Edit vedette.yaml and render again");
    }
  });

  it("are the same whether the file is there or not", () => {
    expect(renderBundle(load(""))).toEqual(bundle);
  });
});

describe("redis.conf", () => {
  it("makes every node but the first a replica of it", () => {
    const { nodes } = load("redis: { replicas: 2, port: 7000 }").redis;
    const topology = load("redis: { replicas: 2, port: 7000 }");
    const masters = nodes.map((node) =>
      bare(renderRedisConf(topology, node)).filter((line) => line.startsWith("replicaof")),
    );
    expect(masters).toEqual([[], ["replicaof 127.0.0.1 7000"], ["replicaof 127.0.0.1 7000"]]);
  });

  it("announces an address that was announced, and that only", () => {
    const text = "security: { passwordFile: p }\nbind: 0.0.0.0\nannounce: 10.0.0.5\n";
    const lines = bare(renderRedisConf(load(text), load(text).redis.nodes[1]!));
    expect(lines).toContain("replica-announce-ip 10.0.0.5");
    expect(lines).toContain("replica-announce-port 6380");
    expect(lines).toContain("replicaof 10.0.0.5 6379");
    expect(renderRedisConf(load(""), load("").redis.nodes[1]!)).not.toContain("announce");
  });

  it("writes every directive of the node, quoted, also those nobody knows", () => {
    const text = `redis: { config: { proc-title-template: "{title} # x", new-thing: 'a "b"', save: "" } }`;
    const topology = load(text);
    const file = renderRedisConf(topology, topology.redis.nodes[0]);
    expect(file).toContain('\nproc-title-template "{title} # x"\n');
    expect(file).toContain('\nnew-thing "a \\"b\\""\n');
    expect(file).toContain('\nsave ""\n');
    const written = bare(file).toSorted();
    expect(written).toEqual(
      redisConfLines(topology, topology.redis.nodes[0])
        .map((l) => [l.name, ...l.args].join(" "))
        .toSorted(),
    );
  });

  it("reads included files before anything of its own", () => {
    const topology = load("redis: { config: { include: [/etc/a.conf, /etc/b.conf] } }");
    const lines = bare(renderRedisConf(topology, topology.redis.nodes[0]));
    expect(lines.slice(0, 3)).toEqual(["include /etc/a.conf", "include /etc/b.conf", "bind 127.0.0.1"]);
  });

  it("uses relative paths for people and absolute ones for processes", () => {
    const topology = load("redis: { nodes: { redis-slave-1: { dataDir: /mnt/x } } }");
    const dir = (index: number, paths: "relative" | "absolute") => {
      const node = topology.redis.nodes[index];
      return node && redisConfLines(topology, node, { paths }).find((line) => line.name === "dir")?.args[0];
    };
    expect(dir(0, "relative")).toBe(".vedette/mymaster/redis/redis-master/data");
    expect(dir(0, "absolute")).toBe("/srv/app/.vedette/mymaster/redis/redis-master/data");
    expect(dir(1, "relative")).toBe("/mnt/x");
  });

  it("never mentions the password file", () => {
    const text = renderBundle(load("security: { passwordFile: hunter2 }"))
      .map((file) => file.content)
      .join("");
    expect(text).not.toMatch(/hunter2|requirepass|masterauth|auth-pass/);
  });
});

describe("sentinel.conf", () => {
  it("watches the initial master with the timings of the topology", () => {
    const topology = load(
      "name: shop\nredis: { port: 7000 }\nsentinel: { count: 5, downAfter: 1500ms, failoverTimeout: 3s, parallelSyncs: 3 }",
    );
    const lines = bare(renderSentinelConf(topology, topology.sentinel.nodes[1]!));
    expect(lines).toEqual([
      "bind 127.0.0.1",
      "port 26380",
      "protected-mode yes",
      "daemonize no",
      "dir .vedette/shop/sentinel/redis-sentinel-2",
      "loglevel notice",
      "sentinel deny-scripts-reconfig yes",
      "sentinel monitor shop 127.0.0.1 7000 3",
      "sentinel down-after-milliseconds shop 1500",
      "sentinel failover-timeout shop 3000",
      "sentinel parallel-syncs shop 3",
    ]);
  });

  it("puts what concerns all masters before monitor and what concerns one after it", () => {
    const text =
      "security: { passwordFile: p }\nbind: 0.0.0.0\nannounce: db.example\nsentinel: { config: { notification-script: /bin/x, maxclients: 50 } }";
    const topology = load(text);
    const lines = sentinelConfLines(topology, topology.sentinel.nodes[0]).map((l) =>
      [l.name, ...l.args].join(" "),
    );
    const monitor = lines.indexOf("sentinel monitor mymaster db.example 6379 2");
    const before = [
      "sentinel resolve-hostnames yes",
      "sentinel announce-ip db.example",
      "sentinel announce-port 26379",
      "maxclients 50",
    ];
    for (const line of before) expect(lines.indexOf(line)).toBeGreaterThanOrEqual(0);
    for (const line of before) expect(lines.indexOf(line)).toBeLessThan(monitor);
    expect(lines.indexOf("sentinel notification-script mymaster /bin/x")).toBeGreaterThan(monitor);
  });
});
