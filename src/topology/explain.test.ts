import { describe, expect, it } from "vitest";
import { explainTopology } from "./explain.ts";
import { loadTopology, parseTopology } from "./load.ts";

describe("config show", () => {
  const text = `name: shop
profile: store
security: { passwordFile: pw }
redis:
  port: 7000
  config:
    user: app on #0123 ~*
    save: [900 1, 60 10]
  nodes:
    redis-slave-1: { config: { maxmemory: 1gb } }
sentinel:
  config: { notification-script: /bin/page }
durability: fenced
`;
  const rows = explainTopology(parseTopology(text, "/srv/vedette.yaml", "vedette.yaml"));
  const row = (key: string) =>
    rows.filter((candidate) => candidate.key === key).map((r) => `${r.value} | ${r.origin}`);

  it.each([
    ["name", "shop | vedette.yaml:1:1"],
    ["sentinel.quorum", "2 | derived: a majority of 3"],
    ["sentinel.downAfter", "5s | default"],
    ["redis.config.maxmemory-policy", "noeviction | profile store"],
    ["durability", "fenced | vedette.yaml:13:1"],
    ["redis.config.min-replicas-max-lag", "3 | durability fenced"],
    ["redis.config.save", "900 1, 60 10 | vedette.yaml:8:5"],
    ["redis.nodes.redis-slave-1.config.maxmemory", "1gb | vedette.yaml:10:32"],
    ["redis.nodes.redis-master.config.maxmemory", "256mb | default"],
    ["redis.nodes.redis-slave-1.port", "7001 | vedette.yaml:5:3"],
    ["redis.nodes.redis-master.bind", "127.0.0.1 | derived: the same for all nodes"],
    ["sentinel.config.notification-script", "/bin/page | vedette.yaml:12:13"],
    ["security.passwordFile", "/srv/pw | vedette.yaml:3:13"],
  ])("%s", (key, expected) => expect(row(key)).toEqual([expected]));

  it("has each key once and hides what may hold a secret", () => {
    expect(new Set(rows.map(({ key }) => key)).size).toBe(rows.length);
    expect(row("redis.config.user")).toEqual(["(hidden) | vedette.yaml:7:5"]);
    expect(JSON.stringify(rows)).not.toContain("0123");
  });

  it("shows defaults as defaults", () => {
    const origins = new Set(explainTopology(loadTopology(null, "/x")).map((r) => r.origin.split(":")[0]));
    expect(origins).toEqual(new Set(["default", "derived"]));
  });
});
