import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { cluster } from "../../../test/kit/cluster.ts";
import type { Topology } from "../../topology/model.ts";
import { statePaths, type StatePaths } from "../state/paths.ts";
import { livedEpoch } from "../read-records.ts";
import { readRecords } from "./records.ts";

let topology: Topology;
let paths: StatePaths;
beforeEach(() => {
  use(cluster().master("redis-master").sentinels(1));
});

function use(built: ReturnType<typeof cluster>): void {
  topology = { ...built.topology, stateDir: join(mkdtempSync(join(tmpdir(), "vedette-records-")), "it's") };
  topology.redis.nodes.forEach((node) => (node.dataDir = join(topology.stateDir, "data")));
  paths = statePaths(topology);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

function conf(text: string): void {
  write(join(paths.redis("redis-master"), "redis.conf"), text);
}

const redis = () => readRecords(topology, paths).redis[0];
const sentinel = () => readRecords(topology, paths).sentinels[0];

describe("a node's record", () => {
  it("is empty before its first preparation", () => {
    expect(redis()).toEqual({
      node: "redis-master",
      known: false,
      follows: null,
      hasData: false,
      dataId: null,
      epoch: 0,
    });
  });

  it.each([
    ["port 6379\n", null],
    ["replicaof 127.0.0.1 6380\n", { host: "127.0.0.1", port: 6380 }],
    ['replicaof "::1" 6380\nslaveof db-2.example 7\n', { host: "db-2.example", port: 7 }],
    ["# replicaof 127.0.0.1 6380\n", null],
  ])("tells from %j whom it followed", (text, follows) => {
    conf(text);
    expect(redis()).toMatchObject({ known: true, follows });
  });

  it("has data when its append-only directory is not empty, whatever lies beside it", () => {
    write(join(topology.stateDir, "data", "dump.rdb"), "REDIS");
    expect(redis()?.hasData).toBe(false);
    write(join(topology.stateDir, "data", "appendonlydir", "appendonly.aof.manifest"), "x");
    expect(redis()?.hasData).toBe(true);
  });

  it("has data in an append-only file of Redis before 7, and under names of its own", () => {
    write(join(topology.stateDir, "data", "appendonly.aof"), "");
    expect(redis()?.hasData).toBe(false);
    write(join(topology.stateDir, "data", "appendonly.aof"), "x");
    expect(redis()?.hasData).toBe(true);
    use(
      cluster()
        .master("redis-master", {}, { directives: { appenddirname: ["my aof"] } })
        .sentinels(1),
    );
    expect(redis()?.hasData).toBe(false);
    write(join(topology.stateDir, "data", "my aof", "x"), "");
    expect(redis()?.hasData).toBe(true);
  });

  it("has data in its dump when it keeps no append-only file", () => {
    const directives = { dbfilename: ["my.rdb"] };
    use(cluster().master("redis-master", {}, { appendOnly: false, directives }).sentinels(1));
    write(join(topology.stateDir, "data", "dump.rdb"), "REDIS");
    expect(redis()?.hasData).toBe(false);
    write(join(topology.stateDir, "data", "my.rdb"), "REDIS");
    expect(redis()?.hasData).toBe(true);
  });

  it("names its data set", () => {
    write(join(topology.stateDir, "data", "vedette-data-id"), "a-b-c\n");
    expect(redis()?.dataId).toBe("a-b-c");
  });

  it("has lived through the epoch of its start", () => {
    conf("replicaof 127.0.0.1 6380\n");
    write(join(paths.redis("redis-master"), "started"), "4 replica 127.0.0.1 6380\n");
    expect(redis()?.epoch).toBe(4);
  });
});

describe("livedEpoch", () => {
  const at = { host: "h", port: 1 };
  it.each([
    [null, null, 0],
    ["", null, 0],
    ["3 master \n", null, 3],
    ["3 master \n", at, 4], // demoted
    ["3 replica h 1\n", at, 3],
    ["3 replica h 1\n", { host: "h", port: 2 }, 4], // told to follow another
    ["3 replica h 1\n", null, 4], // promoted
    ["3 forced \n", null, 3],
    ["3 forced \n", at, 3], // demoted, but by Sentinels that never meant it to be master
  ])("of %j following %o is %i", (started, follows, epoch) => {
    expect(livedEpoch(started, follows)).toBe(epoch);
  });
});

describe("a Sentinel's record", () => {
  const file = () => join(paths.sentinel("redis-sentinel-1"), "sentinel.conf");

  it("is empty before its first preparation", () => {
    expect(sentinel()).toEqual({ node: "redis-sentinel-1", known: false, master: null, epoch: 0 });
  });

  it("is what it rewrote", () => {
    write(file(), "port 1\nsentinel monitor mymaster 127.0.0.1 6381 2\nsentinel config-epoch mymaster 12\n");
    expect(sentinel()).toMatchObject({ known: true, master: { host: "127.0.0.1", port: 6381 }, epoch: 12 });
    write(file(), 'sentinel monitor "mymaster" "::1" 6381 2\n');
    expect(sentinel()).toMatchObject({ master: { host: "::1", port: 6381 }, epoch: 0 });
  });

  it("says nothing of another cluster's master", () => {
    write(file(), "sentinel monitor other 127.0.0.1 6381 2\n");
    expect(sentinel()).toMatchObject({ known: true, master: null });
  });
});

describe("recorded positions", () => {
  it.each([
    ['{"at":1,"epoch":2,"master":null,"nodes":{}}', { at: 1, epoch: 2, master: null, nodes: {} }],
    ['{"at":1,"epoch":2', null],
    ['{"epoch":"2","master":null,"nodes":{}}', null],
    ["[]", null],
  ])("of %j", (text, positions) => {
    write(paths.positions, text);
    expect(readRecords(topology, paths).positions).toEqual(positions);
  });
});
