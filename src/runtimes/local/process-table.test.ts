import { mkdirSync, mkdtempSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import { ownIdentity } from "../state/identity.ts";
import { statePaths, type StatePaths } from "../state/paths.ts";
import { forgetNote, readSupervision, readWanted } from "../state/supervision.ts";
import { livingProcess, pidFiles, processOf } from "./process-table.ts";

const { topology } = seedCluster();
const [node] = topology.redis.nodes;
let paths: StatePaths;
beforeEach(() => {
  paths = statePaths({ ...topology, stateDir: mkdtempSync(join(tmpdir(), "vedette-table-")) });
  mkdirSync(paths.run);
});

const { pid, start, boot } = ownIdentity();

function pidFile(text: string): void {
  writeFileSync(paths.pid(node.id), text);
}

describe("a pid file", () => {
  it("names a living process", () => {
    pidFile(`${pid} ${start} ${boot}\n`);
    expect(livingProcess(node.id, paths)).toEqual({ pid, start, boot });
  });

  it.each([
    ["of a later process", `${pid} 1 ${boot}`],
    ["of another boot", `${pid} ${start} 0-0`],
    ["of pid 1", `1 ${start} ${boot}`],
    ["with a pid alone", `${pid}`],
    ["that is empty", ""],
    ["that is damaged", "x y z"],
    ["of a whole group", `-${pid} ${start} ${boot}`],
  ])("%s names none", (_, text) => {
    pidFile(text);
    expect(livingProcess(node.id, paths)).toBeNull();
  });

  it("is found of nodes that nobody names any more", () => {
    writeFileSync(paths.pid("redis-slave-9"), "");
    writeFileSync(join(paths.run, "redis-slave-9.wait"), "");
    expect(pidFiles(paths)).toEqual(["redis-slave-9"]);
    expect(pidFiles(statePaths({ ...topology, stateDir: "/nowhere" }))).toEqual([]);
  });
});

describe("what is known of a process", () => {
  const known = () => processOf(node, paths, { [node.id]: true }, readSupervision(paths));

  it("is nothing before its first start", () => {
    expect(processOf(node, paths, {}, {})).toEqual({
      node: node.id,
      state: "stopped",
      pid: null,
      startedAt: null,
      reason: null,
      wanted: false,
      gaveUp: false,
    });
  });

  it("is that it runs, since its pid file", () => {
    pidFile(`${pid} ${start} ${boot}\n`);
    expect(known()).toMatchObject({
      state: "running",
      pid,
      startedAt: statSync(paths.pid(node.id)).mtimeMs,
      wanted: true,
    });
  });

  it("is why it waits, while it lives", () => {
    pidFile(`${pid} ${start} ${boot}\n`);
    writeFileSync(paths.wait(node.id), "no Sentinel answers\n");
    expect(known()).toMatchObject({ state: "waiting", reason: "no Sentinel answers" });
  });

  it("is not why it waited, once it is gone", () => {
    writeFileSync(paths.wait(node.id), "no Sentinel answers\n");
    expect(known()).toMatchObject({ state: "stopped", reason: null });
  });

  it("is that the steward gave it up, until its note is dropped", () => {
    writeFileSync(
      paths.supervision,
      JSON.stringify({
        [node.id]: { gaveUp: true, reason: "it ended 6 times" },
        b: { gaveUp: true, reason: null },
      }),
    );
    expect(known()).toMatchObject({ gaveUp: true, reason: "it ended 6 times" });
    forgetNote(node.id, paths);
    expect(known()).toMatchObject({ gaveUp: false, reason: null });
    expect(readSupervision(paths)).toHaveProperty("b");
  });

  it("is not that it was given up, when it runs all the same", () => {
    writeFileSync(paths.supervision, JSON.stringify({ [node.id]: { gaveUp: true, reason: "x" } }));
    pidFile(`${pid} ${start} ${boot}\n`);
    expect(known().gaveUp).toBe(false);
  });
});

describe("damaged notes", () => {
  it.each(["{", "[]", '{"a":1}', "null"])("%s hold nothing", (text) => {
    writeFileSync(paths.wanted, text);
    writeFileSync(paths.supervision, text);
    expect(readWanted(paths)).toEqual({});
    expect(readSupervision(paths)).toEqual({});
  });
});
