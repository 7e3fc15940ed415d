// Bundles Vedette into dist/. Usage: node scripts/build.mjs [--force] [--types] [--dev]
//
//   --force  build even if dist/ is up to date, and remove everything older from it
//   --types  also write dist/types/*.d.ts (what `npm pack` ships)
//   --dev    with source maps
import { createHash } from "node:crypto";
import { execFileSync } from "node:child_process";
import { chmod, mkdir, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { basename, dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { thirdPartyLicenses } from "./licenses.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dist = join(root, "dist");
// scripts/bootstrap.sh compares the time of this file with those of the sources before it starts Node at all.
const stampFile = join(dist, ".stamp");

const entries = { vedette: "src/cli/bin.ts", index: "src/index.ts" };
// The steward outlives rebuilds and upgrades: everything it may ever load is in one file, which Node has read
// whole at its start, so that no later build can pull a lazily loaded chunk from under it.
const stewardEntry = { steward: "src/cli/steward-main.ts" };

// Some bundled packages are CommonJS: they call require() for Node's own modules and read __filename (to make
// the names of temporary files unique), which ESM does not have.
const requireBanner =
  'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url); const __filename = import.meta.filename;';

async function inputFiles() {
  const sources = await readdir(join(root, "src"), { recursive: true });
  const own = sources.filter(
    (file) => /\.(ts|js|json|sh|html|css)$/.test(file) && !file.endsWith(".test.ts"),
  );
  const house = ["package.json", "package-lock.json", "tsconfig.json", "tsconfig.types.json"];
  const scripts = ["scripts/build.mjs", "scripts/licenses.mjs"];
  return [...own.map((file) => join("src", file)), ...house, ...scripts].sort((a, b) => (a < b ? -1 : 1));
}

// By content, not by time: going to another branch and back must not rebuild.
async function fingerprint() {
  const hash = createHash("sha256");
  for (const file of await inputFiles()) {
    const content = await readFile(join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

async function readStamp() {
  try {
    return JSON.parse(await readFile(stampFile, "utf8"));
  } catch {
    return null; // never built, or a build that did not finish
  }
}

async function writeStamp(stamp, startedAt) {
  await writeFile(stampFile, `${JSON.stringify(stamp)}\n`);
  // Dated from the start of the build: a source that was saved meanwhile counts as newer.
  await utimes(stampFile, startedAt, startedAt);
}

async function bundle(entryPoints, { splitting, dev, version }) {
  const { build } = await import("esbuild");
  const result = await build({
    entryPoints,
    absWorkingDir: root,
    outdir: dist,
    bundle: true,
    splitting,
    format: "esm",
    platform: "node",
    target: "node20",
    // Chunks lie beside the entries, so that import.meta.url means the same directory in all of them.
    chunkNames: "[name]-[hash]",
    minifySyntax: true,
    sourcemap: dev ? "linked" : false,
    legalComments: "none",
    banner: { js: requireBanner },
    define: { __VEDETTE_VERSION__: JSON.stringify(version) },
    metafile: true,
    write: false,
    logLevel: "warning",
  });
  return { files: result.outputFiles, inputs: Object.keys(result.metafile.inputs) };
}

// Chunks first, entries last, each by rename: a command that starts meanwhile sees the old program or the new.
async function writeOutputs(files) {
  const names = new Set(Object.keys({ ...entries, ...stewardEntry }).map((name) => `${name}.js`));
  const last = (file) => (names.has(basename(file.path)) ? 1 : 0);
  for (const file of [...files].sort((a, b) => last(a) - last(b))) {
    const executable = basename(file.path) === "vedette.js";
    const text =
      executable && !file.text.startsWith("#!") ? `#!/usr/bin/env node\n${file.text}` : file.contents;
    const temporary = `${file.path}.${process.pid}.tmp`;
    await writeFile(temporary, text);
    if (executable) await chmod(temporary, 0o755);
    await rename(temporary, file.path);
  }
}

async function removeLeftovers(keep) {
  for (const name of await readdir(dist)) {
    if (!keep.has(name)) await rm(join(dist, name), { recursive: true });
  }
}

function emitTypes() {
  const tsc = join(root, "node_modules", "typescript", "bin", "tsc");
  execFileSync(process.execPath, [tsc, "-p", "tsconfig.types.json"], { cwd: root, stdio: "inherit" });
}

async function main() {
  const flags = new Set(process.argv.slice(2));
  const unknown = [...flags].filter((flag) => !["--force", "--types", "--dev"].includes(flag));
  if (unknown.length > 0) throw new Error(`scripts/build.mjs: unknown option ${unknown.join(" ")}`);
  const [force, types, dev] = [flags.has("--force"), flags.has("--types"), flags.has("--dev")];

  const startedAt = new Date();
  const hash = await fingerprint();
  const stamp = await readStamp();
  const fresh = stamp?.hash === hash && stamp.dev === dev && (stamp.types || !types);
  if (fresh && !force) {
    await writeStamp(stamp, startedAt);
    return;
  }

  process.stderr.write(
    `Building Vedette into dist/ (${force ? "forced" : stamp ? "the sources have changed" : "first build"}) ...\n`,
  );
  const { version } = JSON.parse(await readFile(join(root, "package.json"), "utf8"));
  await mkdir(dist, { recursive: true });
  await rm(stampFile, { force: true });
  const faces = await bundle(entries, { splitting: true, dev, version });
  const steward = await bundle(stewardEntry, { splitting: false, dev, version });
  const files = [...faces.files, ...steward.files];
  await writeOutputs(files);
  await writeFile(
    join(dist, "THIRD-PARTY-LICENSES.txt"),
    await thirdPartyLicenses(root, [...faces.inputs, ...steward.inputs]),
  );
  await removeLeftovers(
    new Set([...files.map((file) => relative(dist, file.path)), "THIRD-PARTY-LICENSES.txt"]),
  );
  if (types) emitTypes();
  await writeStamp({ hash, dev, types }, startedAt);
}

try {
  await main();
} catch (error) {
  // esbuild and tsc have printed their own complaints already.
  if (!("errors" in error) && !("status" in error)) console.error(error);
  process.exitCode = 1;
}
