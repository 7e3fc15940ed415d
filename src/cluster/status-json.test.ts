import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { cluster, nothingSeen, seedCluster } from "../../test/kit/cluster.ts";
import { findings } from "./findings.ts";
import { statusJson } from "./status-json.ts";

const golden = (name: string) => new URL(`../../test/golden/${name}`, import.meta.url).pathname;

function json(built: ReturnType<typeof cluster>) {
  const { topology, snapshot } = built;
  return statusJson(topology, snapshot, findings(topology, snapshot));
}

it("keeps the contract, well or not", async () => {
  const broken = cluster()
    .master("redis-master")
    .replica("redis-slave-1", nothingSeen("unreachable", "INFO 127.0.0.1:6380: timed out after 500 ms"))
    .sentinels(2)
    .sentinelDown("redis-sentinel-3");
  await expect(`${JSON.stringify(json(seedCluster()), null, 2)}\n`).toMatchFileSnapshot(
    golden("status-healthy.json"),
  );
  await expect(`${JSON.stringify(json(broken), null, 2)}\n`).toMatchFileSnapshot(
    golden("status-degraded.json"),
  );
});

it("names no master when the snapshot has none, and a stranger without a node", () => {
  expect(json(seedCluster().names(null)).master).toBeNull();
  expect(json(seedCluster().names({ host: "10.0.0.9", port: 1, node: null })).master).toEqual({
    node: null,
    host: "10.0.0.9",
    port: 1,
  });
});

it("is documented field by field in docs/json-output.md", () => {
  const text = readFileSync(new URL("../../docs/json-output.md", import.meta.url), "utf8");
  const section = /## `vedette status --json`\n([\s\S]*?)(?=\n## |$)/.exec(text)?.[1] ?? "";
  const documented = [...section.matchAll(/^\| `([^`]+)`/gm)].map((match) => match[1]);
  const status = json(seedCluster());
  const fields = (prefix: string, value: object) => Object.keys(value).map((key) => prefix + key);
  expect(documented).toEqual([
    ...fields("", status),
    ...fields("master.", status.master ?? {}),
    ...fields("quorum.", status.quorum),
    ...fields("nodes[].", status.nodes[0] ?? {}),
    ...fields("sentinels[].", status.sentinels[0] ?? {}),
    ...fields("findings[].", status.findings[0] ?? {}),
  ]);
});
