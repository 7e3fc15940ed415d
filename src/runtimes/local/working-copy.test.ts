import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import { VedetteError } from "../../errors.ts";
import { parseConf } from "../../render/conf-syntax.ts";
import type { ClusterNode, Topology } from "../../topology/model.ts";
import { statePaths, type StatePaths } from "../state/paths.ts";
import { confFile } from "./start-env.ts";
import { bringUpToDate, hasWorkingCopy, makeNodeDirs, markUpToDate, pendingChanges } from "./working-copy.ts";

let topology: Topology;
let paths: StatePaths;
beforeEach(() => {
  const stateDir = join(mkdtempSync(join(tmpdir(), "vedette-copy-")), `it's "here"`);
  topology = { ...seedCluster().topology, stateDir };
  topology.redis.nodes.forEach((node) => (node.dataDir = join(stateDir, "data", node.id)));
  paths = statePaths(topology);
});

const FIRST = { master: { host: "127.0.0.1", port: 6381 }, epoch: 0 };

function prepare(
  node: ClusterNode,
  first: typeof FIRST | null = FIRST,
  password: string | null = null,
): void {
  makeNodeDirs(node, paths);
  bringUpToDate(topology, node, paths, password, first);
}

/** All lines of a directive, unquoted. */
function values(node: ClusterNode, name: string): string[] {
  return parseConf(readFileSync(confFile(node, paths), "utf8"))
    .filter((line) => line.name === name)
    .map((line) => line.args.join(" "));
}

function rewrite(node: ClusterNode, change: (text: string) => string): void {
  const file = confFile(node, paths);
  writeFileSync(file, change(readFileSync(file, "utf8")));
}

const redis = (at: number) => topology.redis.nodes[at]!;

describe("a first working copy", () => {
  it("follows the chosen master, not the topology's first node", () => {
    for (const node of topology.redis.nodes) prepare(node);
    const follows = topology.redis.nodes.map((node) => values(node, "replicaof"));
    expect(follows).toEqual([["127.0.0.1 6381"], ["127.0.0.1 6381"], [], ["127.0.0.1 6381"]]);
  });

  it("of a Sentinel watches the chosen master, from the highest epoch on record", () => {
    const [sentinel] = topology.sentinel.nodes;
    prepare(sentinel, { ...FIRST, epoch: 7 });
    const lines = values(sentinel, "sentinel");
    expect(lines.filter((line) => /monitor|epoch/.test(line))).toEqual([
      "monitor mymaster 127.0.0.1 6381 2",
      "config-epoch mymaster 7",
      "leader-epoch mymaster 7",
      "current-epoch 7",
    ]);
    expect(lines.indexOf("config-epoch mymaster 7")).toBeGreaterThan(
      lines.indexOf("monitor mymaster 127.0.0.1 6381 2"),
    );
  });

  it("names paths so that Redis reads them as they are, and is its owner's alone", () => {
    prepare(redis(0));
    expect(values(redis(0), "dir")).toEqual([redis(0).dataDir]);
    expect(values(redis(0), "logfile")).toEqual([paths.log("redis-master")]);
    expect(statSync(confFile(redis(0), paths)).mode & 0o777).toBe(0o600);
  });

  it("has the password in every direction", () => {
    const password = `it's "a" secret`;
    prepare(redis(0), FIRST, password);
    expect([...values(redis(0), "requirepass"), ...values(redis(0), "masterauth")]).toEqual([
      password,
      password,
    ]);
    const [sentinel] = topology.sentinel.nodes;
    prepare(sentinel, FIRST, password);
    expect(values(sentinel, "requirepass")).toEqual([password]);
    expect(values(sentinel, "sentinel")).toEqual(
      expect.arrayContaining([`sentinel-pass ${password}`, `auth-pass mymaster ${password}`]),
    );
  });

  it("is not made without knowing the master", () => {
    expect(() => prepare(redis(0), null)).toThrow(VedetteError);
    expect(hasWorkingCopy(redis(0), paths)).toBe(false);
  });
});

describe("a working copy that Redis has rewritten", () => {
  const withMaxMemory = (value: string) => {
    for (const node of topology.redis.nodes) {
      node.directives = [{ name: "maxmemory", args: [value], origin: { from: "default" } }];
    }
  };

  it("keeps what Redis wrote and gets what the topology changed", () => {
    withMaxMemory("1gb");
    prepare(redis(0));
    rewrite(
      redis(0),
      (text) => `${text.replace(/^replicaof .*/m, "replicaof 127.0.0.1 6382")}\n# Generated\nhz 50\n`,
    );
    withMaxMemory("2gb");
    expect(pendingChanges(topology, redis(0), paths, null)).toMatchObject([
      { name: "maxmemory", to: ["maxmemory 2gb"] },
    ]);
    prepare(redis(0), null);
    expect(values(redis(0), "maxmemory")).toEqual(["2gb"]);
    expect(values(redis(0), "replicaof")).toEqual(["127.0.0.1 6382"]);
    expect(values(redis(0), "hz")).toEqual(["50"]);
    expect(pendingChanges(topology, redis(0), paths, null)).toEqual([]);
  });

  it("is not touched when nothing changed, whatever first master is offered", () => {
    prepare(redis(0));
    rewrite(redis(0), () => "port 6379\n");
    prepare(redis(0), { ...FIRST, epoch: 9 });
    expect(readFileSync(confFile(redis(0), paths), "utf8")).toBe("port 6379\n");
  });

  it("counts as up to date once changes are in force on the server", () => {
    withMaxMemory("1gb");
    prepare(redis(0));
    withMaxMemory("2gb");
    markUpToDate(topology, redis(0), paths, null);
    expect(pendingChanges(topology, redis(0), paths, null)).toEqual([]);
  });

  it("gets a new password in force: CONFIG REWRITE has kept the old one in a user line too", () => {
    prepare(redis(0), FIRST, "old");
    rewrite(redis(0), (text) => `${text}user default on #0123 ~* &* +@all\nuser app on #4567 ~* +@read\n`);
    prepare(redis(0), null, "new");
    expect(values(redis(0), "requirepass")).toEqual(["new"]);
    expect(values(redis(0), "user")).toEqual(["app on #4567 ~* +@read"]);
  });
});
