import { describe, expect, it } from "vitest";
import { fillKeys, setKeys } from "./fill.ts";
import { parseTopology } from "./load.ts";

function topologyOf(text: string) {
  return parseTopology(text, "/srv/vedette.yaml", "vedette.yaml").topology;
}

describe("a topology's text", () => {
  it.each(["", "# nothing\n", "redis:\nsentinel:\n", "name: x\n"])("takes keys that it lacks: %j", (text) => {
    const filled = topologyOf(
      fillKeys(text, { "redis.port": 20_000, "redis.replicas": 1, "sentinel.port": 20_100 }),
    );
    expect(filled.redis.nodes.map((node) => node.port)).toEqual([20_000, 20_001]);
    expect(filled.sentinel.nodes[0].port).toBe(20_100);
  });

  it("keeps what it says, unless it is told otherwise", () => {
    const text = "redis: { port: 7000, replicas: 0 } # mine\n";
    expect(fillKeys(text, { "redis.port": 20_000 })).toContain("port: 7000");
    const told = setKeys(text, { "redis.replicas": 2, "redis.port": undefined });
    expect(topologyOf(told).redis.nodes.map((node) => node.port)).toEqual([7000, 7001, 7002]);
    expect(told).toContain("# mine");
  });
});
