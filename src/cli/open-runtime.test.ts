import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { UsageError } from "../errors.ts";
import { chooseRuntime } from "./open-runtime.ts";

let dir: string;
let file: string;
let notes: string[];
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "vedette-choice-"));
  file = join(dir, "vedette.yaml");
  notes = [];
});

function says(runtime: string | null): void {
  writeFileSync(file, runtime === null ? "" : `runtime: ${runtime}\n`);
}

/** What `up` leaves behind. */
function startedWith(runtime: string): void {
  mkdirSync(join(dir, ".vedette/mymaster"), { recursive: true });
  writeFileSync(
    join(dir, ".vedette/mymaster/cluster.json"),
    JSON.stringify({ schema: 1, name: "mymaster", topology: "../../vedette.yaml", runtime, nodes: [] }),
  );
}

const chosen = (asked?: string) => chooseRuntime(file, asked, (line) => notes.push(line)).topology;

describe("the runtime of a cluster that was never started", () => {
  it.each([
    [null, undefined, "local"],
    ["docker", undefined, "docker"],
    [null, "docker", "docker"],
    ["docker", "local", "local"],
  ])("is, with %s in the file and %s asked for, %s", (inFile, asked, runtime) => {
    says(inFile);
    expect(chosen(asked).runtime).toBe(runtime);
    expect(notes).toEqual([]);
  });
});

describe("the runtime of a cluster that was started", () => {
  it("is that one, also where the file says nothing or another", () => {
    startedWith("docker");
    says(null);
    expect(chosen()).toMatchObject({
      runtime: "docker",
      redis: { nodes: [{ host: "172.28.0.10" }, {}, {}, {}] },
    });
    expect(notes).toEqual([]);
    says("local");
    expect(chosen().runtime).toBe("docker");
    expect(notes).toEqual([expect.stringMatching(/says runtime local; until `vedette clean` counts docker/)]);
  });

  it("may be asked for, and no other", () => {
    startedWith("docker");
    says(null);
    expect(chosen("docker").runtime).toBe("docker");
    expect(() => chosen("local")).toThrow(UsageError);
    expect(() => chosen("local")).toThrow(/mymaster was started with docker, and its data is there/);
  });
});

it("is one that there is", () => {
  says(null);
  expect(() => chosen("podman")).toThrow(/there are local and docker/);
});
