import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { renderService } from "../render/systemd-unit.ts";
import { parseTopology } from "../topology/load.ts";
import { serviceCommands, writeService } from "./install-service.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "vedette-units-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const topologyAt = (file: string) => parseTopology("name: shop\n", file, "vedette.yaml").topology;
const unitOf = (file: string, node: string) =>
  renderService(topologyAt(file), { node, vedette: "/v/vedette.js", path: [], user: "app" });
const write = (file: string, node: string) =>
  writeService(topologyAt(file), { directory, user: false }, "vedette-shop.service", unitOf(file, node));

describe("installing the unit", () => {
  it("replaces its own, and refuses to replace another cluster's of the same name", () => {
    const file = write("/srv/a/vedette.yaml", "/old/node");
    expect(write("/srv/a/vedette.yaml", "/new/node")).toBe(file);
    expect(readFileSync(file, "utf8")).toContain('ExecStart="/new/node"');
    expect(() => write("/srv/b/vedette.yaml", "/new/node")).toThrow(/of another topology file/);
    expect(readFileSync(file, "utf8")).toContain("/srv/a/vedette.yaml");
  });

  it("tells the systemd that reads the unit, and starts nothing", () => {
    expect(serviceCommands({ directory, user: false }, "u.service")).toEqual([
      ["systemctl", "daemon-reload"],
      ["systemctl", "enable", "u.service"],
    ]);
    expect(serviceCommands({ directory, user: true }, "u.service").flat()).toContain("--user");
  });
});
