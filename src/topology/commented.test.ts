import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { commentedTopology } from "./commented.ts";
import { loadTopology, parseTopology } from "./load.ts";
import type { Topology } from "./model.ts";
import { topologyJsonSchema } from "./json-schema.ts";
import { keysAt } from "./schema.ts";

const FILE = "/nowhere/vedette.yaml";

/** A topology without what may differ between a file and no file: where its values came from. */
function essence(topology: Topology): unknown {
  return JSON.parse(
    JSON.stringify({ ...topology, file: null }, (key, value: unknown) => (key === "origin" ? null : value)),
  );
}

/** The commented file with its commented-out settings switched on. */
function uncommented(): string {
  return commentedTopology()
    .split("\n")
    .map((line) => line.replace(/^( *)# ( *(?:[a-z][a-zA-Z0-9-]*:(?: [^ ].*)?))$/, "$1$2"))
    .join("\n");
}

describe("the commented topology", () => {
  it("is exactly the defaults", () => {
    const { topology } = parseTopology(commentedTopology(), FILE, "vedette.yaml");
    expect(essence(topology)).toEqual(essence(loadTopology(null, "/nowhere").topology));
  });

  it("mentions every key that there is", () => {
    const text = uncommented();
    for (const at of [
      [],
      ["redis"],
      ["sentinel"],
      ["sentinel", "periods"],
      ["security"],
      ["supervise"],
      ["logs"],
      ["docker"],
      ["docker", "images"],
    ]) {
      for (const key of keysAt(at)) expect(text).toMatch(new RegExp(`^ *${key}:`, "m"));
    }
    for (const key of keysAt(["redis", "nodes", "x"])) expect(text).toMatch(new RegExp(`^ {6}${key}:`, "m"));
  });

  it("has examples in its comments that are valid when switched on", () => {
    expect(parse(uncommented())).toMatchObject({ redis: { nodes: { "redis-slave-2": { port: 6390 } } } });
    const usable = uncommented().replaceAll(/^ *announce: .*$/gm, "");
    const { topology } = parseTopology(usable, FILE, "vedette.yaml");
    expect(topology.redis.nodes[2]).toMatchObject({ port: 6390, priority: 50, dataDir: "/mnt/disk2/redis" });
  });

  it("stands at the root of the repository", async () => {
    await expect(commentedTopology("schema/vedette.schema.json")).toMatchFileSnapshot("../../vedette.yaml");
  });
});

describe("the JSON Schema", () => {
  it("stands in schema/", async () => {
    const text = `${JSON.stringify(topologyJsonSchema(), null, 2)}\n`;
    await expect(text).toMatchFileSnapshot("../../schema/vedette.schema.json");
  });

  it("is strict about keys and offers directives, but not those that Vedette owns", () => {
    const schema = topologyJsonSchema();
    expect(schema.additionalProperties).toBe(false);
    const text = JSON.stringify(schema);
    expect(text).toContain('"maxmemory-policy":{"enum":["noeviction"');
    expect(text).toContain('"notification-script"');
    expect(text).not.toContain('"requirepass"');
  });
});
