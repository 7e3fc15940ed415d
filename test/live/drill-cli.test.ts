import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";

const vedette = fileURLToPath(new URL("../../dist/vedette.js", import.meta.url));
const TOPOLOGY = "name: shop\nproduction: true\nsentinel: { downAfter: 1500ms, periods: { info: 500ms } }\n";

let dir: string;
let running: ChildProcess | null = null;

beforeEach(() => {
  dir = realpathSync(mkdtempSync(join(tmpdir(), "vedette-drill-cli-")));
  writeFileSync(join(dir, "vedette.yaml"), TOPOLOGY);
});

afterEach(async () => {
  if (running !== null && running.exitCode === null && running.signalCode === null) running.kill("SIGKILL");
  running = null;
  await until(async () => processes().length === 0, { deadlineMs: 10_000 });
  rmSync(dir, { recursive: true, force: true });
});

/** Starts the command with temporary files of its own, so that everything it leaves is seen. */
function start(...args: string[]) {
  const child = spawn(process.execPath, [vedette, "drill", ...args], {
    cwd: dir,
    env: { ...process.env, TMPDIR: dir },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running = child;
  const said = { out: "", err: "" };
  child.stdout.on("data", (chunk) => (said.out += String(chunk)));
  child.stderr.on("data", (chunk) => (said.err += String(chunk)));
  return { child, said, ended: once(child, "exit").then(([code]) => Number(code)) };
}

/** Command lines of what runs for this test's cluster. */
function processes(): string[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      try {
        const cwd = readlinkSync(`/proc/${pid}/cwd`);
        const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
        const ours = cwd.startsWith(`${dir}/`) || command.includes(`${dir}/vedette-sandbox-`);
        return ours ? [command] : [];
      } catch {
        return []; // it has ended meanwhile
      }
    });
}

const sandboxes = () => readdirSync(dir).filter((name) => name.startsWith("vedette-sandbox-"));

function expectNothingLeft(): void {
  expect(sandboxes()).toEqual([]);
  expect(processes()).toEqual([]);
  expect(readFileSync("/proc/mounts", "utf8")).not.toContain(dir);
  expect(existsSync(join(dir, ".vedette"))).toBe(false);
}

describe("vedette drill --sandbox", () => {
  it("practises on a copy, writes JSON and a report, and leaves nothing else", async () => {
    const { said, ended } = start("kill", "--sandbox", "--json", "-", "--report", "report.html");
    expect(await ended, said.err).toBe(0);
    const result = JSON.parse(said.out);
    expect(result).toMatchObject({ schema: 1, cluster: "shop", sandbox: true, ok: true });
    expect(result.scenarios[0].runs[0]).toMatchObject({ scenario: "kill", ok: true, writes: { lost: 0 } });
    expect(said.err).toMatch(/^ +\d+ ms {2}redis-master +killed \(SIGKILL\)/m);
    expect(said.err).not.toContain("\u001B[");
    expect(readFileSync(join(dir, "report.html"), "utf8")).toContain("The master&#39;s process is killed");
    expectNothingLeft();
  });

  it("fills only its own disk, and brings the steward back", async () => {
    for (const id of ["steward-loss", "disk-full"]) {
      const { said, ended } = start(id, "--sandbox", "--json", `${id}.json`);
      expect(await ended, said.err + said.out).toBe(0);
      const [scenario] = JSON.parse(readFileSync(join(dir, `${id}.json`), "utf8")).scenarios;
      const root = process.getuid?.() === 0;
      expect(scenario.ok === true || (id === "disk-full" && !root)).toBe(true);
      if (id === "steward-loss") expect(said.err).toMatch(/the steward is killed[^]*the steward is started/);
      expectNothingLeft();
    }
  });

  it.each(["SIGINT", "SIGKILL"] as const)(
    "leaves nothing when it is ended by %s in the middle",
    async (signal) => {
      const { child, said, ended } = start("hang", "--sandbox");
      expect(await until(async () => said.err.includes("frozen"), { deadlineMs: 60_000 })).toBe(true);
      expect(processes().length).toBeGreaterThan(6);
      child.kill(signal);
      const code = await ended;
      if (signal === "SIGINT") expect(code).toBe(1);
      expect(await until(async () => sandboxes().length === 0, { deadlineMs: 20_000 })).toBe(true);
      expectNothingLeft();
    },
  );
});
