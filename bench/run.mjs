// Builds the benches and runs them: `npm run bench -- [--only NAME] [--runs N] [--quick] [--markdown]`.
//
// They are TypeScript and use the sources of Vedette itself to look at clusters; what they measure is dist/.
import { execFileSync } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { build } from "esbuild";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const outfile = join(root, "node_modules", ".cache", "vedette", "bench.mjs");

execFileSync(process.execPath, [join(root, "scripts", "build.mjs")], { stdio: "inherit" });
await build({
  entryPoints: [join(root, "bench", "main.ts")],
  outfile,
  bundle: true,
  packages: "external",
  format: "esm",
  platform: "node",
  target: "node20",
  logLevel: "warning",
});
const { main } = await import(pathToFileURL(outfile).href);
process.exitCode = await main(process.argv.slice(2), root);
