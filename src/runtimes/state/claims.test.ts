import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { claim, currentClaim, isClaim } from "./claims.ts";
import { identify } from "./identity.ts";

let dir: string;
beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), "vedette-claims-")), "operation");
});

function take(name = "up") {
  const result = claim(dir, name, 1000);
  if (!isClaim(result)) throw new Error(`held by ${result.name}`);
  return result;
}

describe("claims", () => {
  it("are held by one and name their holder", () => {
    take("up");
    const second = claim(dir, "down", 2000);
    expect(isClaim(second)).toBe(false);
    expect(second).toMatchObject({ name: "up", pid: process.pid, since: 1000 });
    expect(currentClaim(dir)).toMatchObject({ name: "up" });
  });

  it("give a growing token, also after release", () => {
    const first = take();
    first.release();
    expect(currentClaim(dir)).toBeNull();
    const second = take();
    expect(second.token).toBe(first.token + 1);
  });

  it("end with their holder's life", async () => {
    const child = spawn("sleep", ["60"]);
    const identity = identify(child.pid!);
    take().release();
    writeFileSync(
      join(dir, "00000002.json"),
      JSON.stringify({ token: 2, name: "up", ...identity, since: 1, released: false }),
    );
    expect(isClaim(claim(dir, "down", 3))).toBe(false);
    child.kill("SIGKILL");
    await once(child, "exit");
    expect(take("down").token).toBe(3);
  });

  it("are not inherited by a later process with the same pid", () => {
    const identity = { ...identify(process.pid)!, start: "1" };
    take().release();
    writeFileSync(
      join(dir, "00000002.json"),
      JSON.stringify({ token: 2, name: "up", ...identity, since: 1, released: false }),
    );
    expect(currentClaim(dir)).toBeNull();
    expect(take().token).toBe(3);
  });

  it("survive a damaged file without going back in tokens", () => {
    take().release();
    writeFileSync(join(dir, "00000007.json"), "{ half");
    expect(take().token).toBe(8);
  });
});
