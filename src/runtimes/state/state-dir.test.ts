import { existsSync, mkdirSync, mkdtempSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import { UsageError } from "../../errors.ts";
import type { Topology } from "../../topology/model.ts";
import { statePaths } from "./paths.ts";
import { assertOwnState, movedNodes, writeMarker } from "./state-dir.ts";

let base: string;
beforeEach(() => {
  base = join(mkdtempSync(join(tmpdir(), "vedette-state-")), "my app");
  mkdirSync(base);
});

function topology(file: string | null = null, at = base): Topology {
  return {
    ...seedCluster().topology,
    baseDir: at,
    file: file && join(at, file),
    stateDir: join(at, ".vedette", "m"),
  };
}

function opened(given: Topology): void {
  assertOwnState(given, statePaths(given));
}

describe("a state directory", () => {
  it("is anybody's until it is claimed, and made by claiming it", () => {
    expect(() => opened(topology("a.yaml"))).not.toThrow();
    expect(existsSync(topology().stateDir)).toBe(false);
    writeMarker(topology("a.yaml"), statePaths(topology()));
    expect(() => opened(topology("a.yaml"))).not.toThrow();
  });

  it("is refused to another topology file, by name", () => {
    writeMarker(topology("a.yaml"), statePaths(topology()));
    expect(() => opened(topology("b.yaml"))).toThrow(UsageError);
    expect(() => opened(topology("b.yaml"))).toThrow(
      `belongs to the topology file ${base}/a.yaml, not to ${base}/b.yaml`,
    );
  });

  it("of the built-in defaults is that of the file which `init` would write", () => {
    writeMarker(topology(null), statePaths(topology()));
    expect(() => opened(topology("vedette.yaml"))).not.toThrow();
    expect(() => opened(topology("other.yaml"))).toThrow(`${base}/vedette.yaml`);
  });

  it("may be moved together with its file", () => {
    writeMarker(topology("a.yaml"), statePaths(topology()));
    renameSync(base, `${base} 2`);
    expect(() => opened(topology("a.yaml", `${base} 2`))).not.toThrow();
  });

  it("whose mark is damaged keeps nobody out", () => {
    writeMarker(topology("a.yaml"), statePaths(topology()));
    writeFileSync(statePaths(topology()).marker, "{");
    expect(() => opened(topology("b.yaml"))).not.toThrow();
  });
});

describe("moved nodes", () => {
  it("are those whose address is not the one that the Sentinels have learnt", () => {
    const before = topology();
    expect(movedNodes(before, statePaths(before))).toEqual([]);
    writeMarker(before, statePaths(before));
    expect(movedNodes(before, statePaths(before))).toEqual([]);
    const after = topology();
    after.redis.nodes[1]!.port = 7000;
    after.sentinel.nodes[0].host = "10.0.0.1";
    expect(movedNodes(after, statePaths(after))).toEqual([
      "redis-slave-1 was 127.0.0.1:6380 and is now 127.0.0.1:7000",
      "redis-sentinel-1 was 127.0.0.1:26379 and is now 10.0.0.1:26379",
    ]);
  });

  it("are not those that were added or dropped", () => {
    const before = topology();
    writeMarker(before, statePaths(before));
    const after = topology();
    after.redis.nodes[3]!.id = "redis-slave-4";
    expect(movedNodes(after, statePaths(after))).toEqual([]);
  });
});
