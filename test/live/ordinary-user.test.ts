import { spawnSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { freePorts } from "../kit/live-cluster.ts";

/** nobody's id on Debian and everywhere else; Redis refuses nothing to it but what root alone may do. */
const NOBODY = 65_534;

// As an ordinary user the whole suite proves it; as root one of them is borrowed.
it.runIf(process.getuid?.() === 0)("an ordinary user may run a cluster", async () => {
  const dir = mkdtempSync(join(tmpdir(), "vedette-user-"));
  chmodSync(dir, 0o755);
  const home = join(dir, "home");
  for (const part of ["dist", "assets", "package.json"])
    cpSync(part, join(dir, "package", part), { recursive: true });
  mkdirSync(home);
  chownSync(home, NOBODY, NOBODY);
  const base = await freePorts(10);
  writeFileSync(
    join(home, "vedette.yaml"),
    `name: user\nredis: { port: ${base}, replicas: 1 }\nsentinel: { port: ${base + 5}, count: 1 }\n`,
  );
  const vedette = (...args: string[]) =>
    spawnSync(process.execPath, [join(dir, "package/dist/vedette.js"), ...args], {
      cwd: home,
      uid: NOBODY,
      gid: NOBODY,
      encoding: "utf8",
      env: { PATH: process.env["PATH"], HOME: home },
    });
  try {
    const up = vedette("up");
    expect(up.status, up.stderr).toBe(0);
    expect(statSync(join(home, ".vedette")).uid).toBe(NOBODY);
    expect(vedette("health").status).toBe(0);
    const down = vedette("down");
    expect(down.status, down.stderr).toBe(0);
  } finally {
    vedette("down", "--force");
    rmSync(dir, { recursive: true, force: true });
  }
});
