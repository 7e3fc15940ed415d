// Runs the tests and ends with one line for machines: `N passed, N failed, N skipped`.
//
// Usage: node scripts/test.mjs [--lint] [vitest arguments]
//   --lint  runs `npm run lint` first; a complaint counts as one failure, and the tests run all the same.
// Without a --project the unit, live and docker projects run; soak runs only when asked for.
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

/** Exit code of the command; 1 when a signal ended it or it could not start. */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: root, stdio: "inherit" });
    child.on("error", (error) => {
      console.error(`running ${command}: ${error.message}`);
      resolve(1);
    });
    child.on("exit", (code) => resolve(code ?? 1));
  });
}

async function readReport(file) {
  try {
    return JSON.parse(await readFile(file, "utf8"));
  } catch {
    return null; // vitest died before it could write one
  }
}

/** A test file that could not even be loaded has no failed test in it, yet it is a failure. */
function countUnloadable(report) {
  return report.testResults.filter(
    (file) => file.status === "failed" && !file.assertionResults.some((test) => test.status === "failed"),
  ).length;
}

function summarize(report, exitCode) {
  if (report === null) return { passed: 0, failed: 1, skipped: 0, note: "vitest ended without a report" };
  const passed = report.numPassedTests;
  const skipped = report.numPendingTests + report.numTodoTests;
  const failed = report.numFailedTests + countUnloadable(report);
  if (passed + failed === 0) return { passed, failed: 1, skipped, note: "no test ran" };
  if (exitCode !== 0 && failed === 0)
    return { passed, failed: 1, skipped, note: "vitest failed outside a test" };
  return { passed, failed, skipped, note: null };
}

async function main() {
  const args = process.argv.slice(2).filter((argument) => argument !== "--lint");
  const lint = process.argv.includes("--lint");
  const projects = args.some((argument) => argument.startsWith("--project"))
    ? []
    : ["--project", "unit", "--project", "live", "--project", "docker"];

  const lintFailed = lint && (await run("npm", ["run", "--silent", "lint"])) !== 0;

  const directory = await mkdtemp(join(tmpdir(), "vedette-test-"));
  const reportFile = join(directory, "report.json");
  const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const exitCode = await run(process.execPath, [vitest, "run", ...projects, ...reporters, ...args]);
  const summary = summarize(await readReport(reportFile), exitCode);
  await rm(directory, { recursive: true });

  if (summary.note) console.log(summary.note);
  if (lintFailed) console.log("lint failed: see the top of this output");
  const failed = summary.failed + (lintFailed ? 1 : 0);
  const line = `${summary.passed} passed, ${failed} failed, ${summary.skipped} skipped`;
  // make adds a line of its own after a failure; .ci/run prints ours again from here.
  if (process.env["TEST_SUMMARY_FILE"]) await writeFile(process.env["TEST_SUMMARY_FILE"], `${line}\n`);
  console.log(line);
  process.exitCode = failed > 0 ? 1 : 0;
}

await main();
