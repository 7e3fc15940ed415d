import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { cluster, seedCluster } from "../../../test/kit/cluster.ts";
import type { ClusterNode, Topology } from "../../topology/model.ts";
import { statePaths } from "../state/paths.ts";
import { reachableBind } from "../../render/start-facts.ts";
import { startEnv } from "./start-env.ts";

const BINARIES = { server: "/opt/my redis/redis-server", cli: "/opt/my redis/redis-cli" };

/** A variable as a shell has it after it sourced the file. */
function seenByShell(topology: Topology, node: ClusterNode, name: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "vedette-env-")), "start.env");
  writeFileSync(file, startEnv(topology, node, statePaths(topology), BINARIES));
  return spawnSync("sh", ["-uc", `. "$0"; printf %s "$${name}"`, file], { encoding: "utf8" }).stdout;
}

describe("start.env", () => {
  const { topology } = seedCluster();
  const [node] = topology.redis.nodes;

  it("gives a shell exactly what was meant, whatever the path holds", () => {
    const stateDir = `/srv/it's "my" $HOME \`id\` \\ dir/new\nline`;
    const odd = { ...topology, stateDir };
    expect(seenByShell(odd, node, "CONF")).toBe(`${stateDir}/redis/redis-master/redis.conf`);
    expect(seenByShell(odd, node, "PID_FILE")).toBe(`${stateDir}/run/redis-master.pid`);
    expect(seenByShell(odd, node, "REDIS_SERVER")).toBe("/opt/my redis/redis-server");
  });

  it("lists all Sentinels and nodes", () => {
    expect(seenByShell(topology, node, "SENTINELS")).toBe(
      "127.0.0.1 26379\n127.0.0.1 26380\n127.0.0.1 26381\n",
    );
    expect(seenByShell(topology, node, "REDIS_NODES")).toBe(
      "redis-master 127.0.0.1 6379\nredis-slave-1 127.0.0.1 6380\nredis-slave-2 127.0.0.1 6381\nredis-slave-3 127.0.0.1 6382\n",
    );
  });

  it.each([
    [1, "1"],
    [2, "2"],
    [3, "2"],
    [5, "3"],
  ])("asks for a majority of %i Sentinels", (count, majority) => {
    const small = cluster().master("redis-master").sentinels(count).topology;
    expect(seenByShell(small, small.redis.nodes[0], "MAJORITY")).toBe(majority);
  });

  it("knows where the data is, also under names of the user's", () => {
    const { topology } = cluster()
      .master("redis-master", {}, { appendOnly: false, directives: { dbfilename: ["my dump.rdb"] } })
      .sentinels(1);
    const [own] = topology.redis.nodes;
    expect(seenByShell(topology, own, "RDB_FILE")).toBe("my dump.rdb");
    expect(seenByShell(topology, own, "APPEND_ONLY")).toBe("no");
    expect(seenByShell(topology, own, "AOF_DIR")).toBe("appendonlydir");
  });

  it("tells a Sentinel what to start and nothing of safe start", () => {
    const [sentinel] = topology.sentinel.nodes;
    expect(seenByShell(topology, sentinel, "CONF")).toContain("/sentinel/redis-sentinel-1/sentinel.conf");
    expect(startEnv(topology, sentinel, statePaths(topology), BINARIES)).not.toContain("REDIS_NODES");
  });
});

describe("reachableBind", () => {
  it.each([
    [["127.0.0.1"], "127.0.0.1"],
    [["10.0.0.5", "127.0.0.1"], "10.0.0.5"],
    [["*", "-::*"], "127.0.0.1"],
    [["0.0.0.0"], "127.0.0.1"],
    [["::"], "::1"],
    [["-::*"], "::1"],
    [["-::1"], "::1"],
    [["-127.0.0.1"], "127.0.0.1"],
    [[], "127.0.0.1"],
  ])("of %j is %s", (bind, address) => {
    expect(reachableBind({ ...seedCluster().topology.redis.nodes[0], bind })).toBe(address);
  });
});
