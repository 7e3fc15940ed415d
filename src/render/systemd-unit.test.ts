import { describe, expect, it } from "vitest";
import { parseTopology } from "../topology/load.ts";
import { renderService, serviceMark, serviceName, type ServiceFacts } from "./systemd-unit.ts";

const facts: ServiceFacts = {
  node: "/opt/node/bin/node",
  vedette: "/srv/app/node_modules/vedette/dist/vedette.js",
  path: ["/opt/redis/bin"],
  user: "app",
};
const topologyAt = (file: string, text = "name: shop\n") =>
  parseTopology(text, file, "vedette.yaml").topology;
const unitAt = (file: string, more: Partial<ServiceFacts> = {}, text?: string) =>
  renderService(topologyAt(file, text), { ...facts, ...more });
const value = (unit: string, key: string) => new RegExp(`^${key}=(.*)$`, "m").exec(unit)?.[1];

describe("the systemd unit", () => {
  it("reads well", async () => {
    await expect(unitAt("/srv/app/vedette.yaml")).toMatchFileSnapshot(
      "../../test/golden/vedette-shop.service",
    );
  });

  it("of a cluster in containers comes up after Docker, if that is there", () => {
    const unit = unitAt("/srv/app/vedette.yaml", {}, "name: shop\nruntime: docker\n");
    expect(value(unit, "Requires")).toBe("docker.service");
    expect(unit).toContain("\nAfter=docker.service\n");
    expect(unitAt("/srv/app/vedette.yaml")).not.toContain("docker");
  });

  it("is named after the cluster and says whose it is", () => {
    const topology = topologyAt("/srv/app/vedette.yaml");
    expect(serviceName(topology)).toBe("vedette-shop.service");
    expect(unitAt("/srv/app/vedette.yaml").split("\n")[0]).toBe(serviceMark(topology));
    expect(serviceMark(topologyAt("/srv/b/vedette.yaml"))).not.toBe(serviceMark(topology));
  });

  it("carries paths with blanks, quotes, percent signs, dollars and backslashes", () => {
    const unit = unitAt(String.raw`/srv/my "app" 100% $HOME\x/vedette.yaml`);
    expect(value(unit, "ExecStart")).toBe(
      String.raw`"/opt/node/bin/node" "/srv/app/node_modules/vedette/dist/vedette.js" "-f" "/srv/my \"app\" 100%% $$HOME\\x/vedette.yaml" "up"`,
    );
    // WorkingDirectory takes the rest of the line as it is: no quotes, no variables, but specifiers.
    expect(value(unit, "WorkingDirectory")).toBe(String.raw`/srv/my "app" 100%% $HOME\x`);
  });

  it("keeps a variable's sign in the path of the program itself", () => {
    expect(value(unitAt("/srv/vedette.yaml", { node: "/opt/$x/node" }), "ExecStop")).toMatch(
      /^"\/opt\/\$x\/node" /,
    );
  });

  it("refuses a path that would end the line", () => {
    expect(() => unitAt("/srv/a\nExecStart=/bin/evil/vedette.yaml")).toThrow(/control character/);
  });

  it("leaves the stopping to `down`, whatever happens to one process", () => {
    const unit = unitAt("/srv/app/vedette.yaml");
    expect(value(unit, "KillMode")).toBe("process");
    expect(value(unit, "OOMPolicy")).toBe("continue");
  });

  it("waits for the network when other machines can reach the cluster", () => {
    expect(value(unitAt("/srv/app/vedette.yaml"), "After")).toBe("network.target");
    const open = "name: shop\nbind: 127.0.0.1 10.0.0.5\nsecurity:\n  passwordFile: secret\n";
    expect(value(unitAt("/srv/app/vedette.yaml", {}, open), "After")).toBe("network-online.target");
  });

  it("of a user names neither a user nor the system's targets", () => {
    const unit = unitAt("/srv/app/vedette.yaml", { user: null });
    expect(value(unit, "User")).toBeUndefined();
    expect(value(unit, "After")).toBeUndefined();
    expect(value(unit, "WantedBy")).toBe("default.target");
  });
});
