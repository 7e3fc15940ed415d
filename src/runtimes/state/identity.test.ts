import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { until } from "../../clock.ts";
import { identify, isAlive, ownIdentity } from "./identity.ts";

describe("the identity of a process", () => {
  it("is its own, and stays the same while it lives", async () => {
    const child = spawn("sleep", ["60"]);
    await once(child, "spawn");
    const identity = identify(child.pid ?? 0);
    expect(identity).toMatchObject({ pid: child.pid });
    expect(identity?.start).toMatch(/^\S+$/);
    expect(isAlive(identity!)).toBe(true);
    expect(ownIdentity()).toEqual(identify(process.pid));
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(isAlive(identity!)).toBe(false);
  });

  it("is not that of another process with the same pid, nor of another boot", () => {
    const own = ownIdentity();
    expect(isAlive({ ...own, start: "1" })).toBe(false);
    expect(isAlive({ ...own, boot: "another" })).toBe(false);
  });

  it("is found of a process with a name that looks like the end of one", async () => {
    const child = spawn("sh", [
      "-c",
      'cp "$(command -v sleep)" "/tmp/x) R 1 $$" && exec "/tmp/x) R 1 $$" 60',
    ]);
    const named = () =>
      spawnSync("ps", ["-o", "comm=", "-p", String(child.pid)], { encoding: "utf8" }).stdout;
    await until(async () => named().startsWith("x) R"), { deadlineMs: 5_000 });
    const identity = identify(child.pid ?? 0);
    spawnSync("rm", ["-f", `/tmp/x) R 1 ${child.pid}`]);
    child.kill("SIGKILL");
    await once(child, "exit");
    // Started within this boot, after this very test process.
    expect(Number(identity?.start)).toBeGreaterThanOrEqual(Number(ownIdentity().start));
  });

  it.runIf(process.platform === "linux")(
    "is none for a zombie, which nobody but its parent can end",
    async () => {
      // It ends only after the shell has become a sleep, which reaps nobody.
      const parent = spawn("sh", ["-c", "sleep 0.3 & echo $!; exec sleep 60"]);
      const [line] = (await once(parent.stdout, "data")) as [Buffer];
      const zombie = Number(line.toString());
      const dead = await until(async () => identify(zombie) === null, { deadlineMs: 5_000 });
      const state = spawnSync("ps", ["-o", "stat=", "-p", String(zombie)], { encoding: "utf8" }).stdout;
      parent.kill("SIGKILL");
      expect(dead).toBe(true);
      expect(state).toMatch(/^Z/);
    },
  );
});
