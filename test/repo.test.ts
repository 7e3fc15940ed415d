import { COMMANDS } from "../src/cli/commands.ts";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, posix, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { anchors, makeTargets, relativeLinks } from "./markdown.ts";
import {
  fileLength,
  importDirections,
  isPure,
  lazyImportsAreOurs,
  noBarrel,
  noDefaultExport,
  noFixedSleep,
  parse,
  purity,
  type Source,
} from "./source-rules.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const notOurs = new Set([".git", "node_modules", "dist", ".vedette", "backups"]);

function filesBelow(directory: string): string[] {
  return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : filesBelow(path);
    return entry.isFile() ? [relative(root, path).replaceAll("\\", "/")] : [];
  });
}

const read = (path: string) => readFileSync(join(root, path), "utf8");
const files = filesBelow(root);
const markdown = files.filter((path) => path.endsWith(".md"));
const sources = files
  .filter((path) => /^(src|test|bench)\/.*\.ts$/.test(path))
  .map((path) => parse(path, read(path)));
const isTest = ({ path }: Source) => path.endsWith(".test.ts") || !path.startsWith("src/");
const product = sources.filter((source) => !isTest(source));

describe("the rules see what they forbid", () => {
  const cases: [string, (source: Source) => string[], string, string][] = [
    ["an upward import", importDirections, "src/redis/a.ts", 'import { x } from "../cluster/observe.ts";'],
    ["a sibling import", importDirections, "src/cluster/a.ts", 'import { x } from "../runtimes/runtime.ts";'],
    [
      "a lazy upward import",
      importDirections,
      "src/render/a.ts",
      'const x = await import("../cli/main.ts");',
    ],
    ["an upward re-export", importDirections, "src/topology/a.ts", 'export { x } from "../render/a.ts";'],
    [
      "a chosen runtime",
      importDirections,
      "src/steward/a.ts",
      'import { x } from "../runtimes/local/local.ts";',
    ],
    ["an unknown part", importDirections, "src/helpers/a.ts", ""],
    ["I/O in a pure file", purity, "src/render/a.ts", 'import { readFile } from "node:fs/promises";'],
    ["a clock in a pure file", purity, "src/topology/a.ts", "const now = Date.now();"],
    ["today in a pure file", purity, "src/cluster/findings.ts", "const now = new Date();"],
    ["the environment in a pure file", purity, "src/cluster/can.ts", "const home = process.env;"],
    [
      "an impure import of ours",
      purity,
      "src/operations/up-plan.ts",
      'import { x } from "../redis/client.ts";',
    ],
    ["a default export", noDefaultExport, "src/cli/a.ts", "export default function a() {}"],
    [
      "a barrel",
      noBarrel,
      "src/redis/all.ts",
      'export * from "./info.ts";\nexport { a } from "./client.ts";',
    ],
    ["a long file", fileLength, "src/cli/a.ts", "x;\n".repeat(301)],
    ["a sleep", noFixedSleep, "test/a.ts", "await clock.sleep(2 * 1_000);"],
    [
      "a timer used as a sleep",
      noFixedSleep,
      "test/a.ts",
      "await new Promise((done) => setTimeout(done, 100));",
    ],
  ];
  test.each(cases)("%s", (_, rule, path, text) => {
    expect(rule(parse(path, text))).toHaveLength(1);
  });

  const fine: [string, (source: Source) => string[], string, string][] = [
    ["a downward import", importDirections, "src/cli/a.ts", 'import { x } from "../topology/model.ts";'],
    [
      "the snapshot's types in a runtime",
      importDirections,
      "src/runtimes/a.ts",
      'import type { S } from "../cluster/snapshot.ts";',
    ],
    [
      "a runtime's type in cluster",
      importDirections,
      "src/cluster/a.ts",
      'import { type R } from "../runtimes/runtime.ts";',
    ],
    ["a type of an impure file", purity, "src/render/a.ts", 'import type { Redis } from "ioredis";'],
    ["a date from a number", purity, "src/render/a.ts", "new Date(at).toISOString();"],
    [
      "a file that also re-exports",
      noBarrel,
      "src/redis/a.ts",
      'export { b } from "./b.ts";\nexport const a = 1;',
    ],
    ["a polling interval", noFixedSleep, "src/steward/a.ts", "await clock.sleep(50);"],
    [
      "an explained sleep",
      noFixedSleep,
      "test/a.ts",
      "// allow-sleep: nothing must happen in this window\nawait sleep(900);",
    ],
  ];
  test.each(fine)("and allow %s", (_, rule, path, text) => {
    expect(rule(parse(path, text))).toEqual([]);
  });
});

describe("sources", () => {
  test("are found", () => {
    expect(product.length).toBeGreaterThan(4);
    expect(product.some(({ path }) => isPure(path))).toBe(true);
  });
  test("import downward only", () => expect(product.flatMap(importDirections)).toEqual([]));
  test("load only files of ours lazily", () => expect(product.flatMap(lazyImportsAreOurs)).toEqual([]));
  test("that judge or render are pure", () => expect(product.flatMap(purity)).toEqual([]));
  test("have named exports only", () => expect(sources.flatMap(noDefaultExport)).toEqual([]));
  test("have no barrels", () => expect(sources.flatMap(noBarrel)).toEqual([]));
  test("are of one subject", () => expect(product.flatMap(fileLength)).toEqual([]));
  test("wait on conditions", () => expect(sources.flatMap(noFixedSleep)).toEqual([]));
});

const targets = new Set(
  [...read("Makefile").matchAll(/^([a-z][a-z0-9%-]*):.*## /gm)].map(([, name = ""]) => name),
);
const hasTarget = (name: string) => targets.has(name) || targets.has(name.replace(/[1-9][0-9]*$/, "%"));

describe("the Makefile", () => {
  // Every command that the first README promised, in its order, and what Vedette runs for it.
  const promised: [string, string][] = [
    ["up", "up"],
    ["down", "down"],
    ["restart", "restart"],
    ["clean", "clean"],
    ["status", "status"],
    ["health", "health"],
    ["sentinel-status", "sentinel-status"],
    ["info", "info"],
    ["logs", "logs --follow"],
    ["connect-master", "connect-master"],
    ...[1, 2, 3].map((n): [string, string] => [`connect-slave-${n}`, `connect redis-slave-${n}`]),
    ...[1, 2, 3].map((n): [string, string] => [`connect-sentinel-${n}`, `connect redis-sentinel-${n}`]),
    ["test-replication", "test-replication"],
    ["test-failover", "test-failover"],
    ["benchmark", "benchmark"],
    ["backup", "backup"],
    ["flush-all", "flush-all"],
  ];
  const dryRun = (...args: string[]) => {
    // npm exports NODE, a make above us its flags: neither is part of what is tested.
    const { MAKEFLAGS: _flags, MFLAGS: _old, MAKELEVEL: _level, ...env } = process.env;
    const output = execFileSync("make", ["-n", "--no-print-directory", ...args], {
      cwd: root,
      env,
      encoding: "utf8",
    });
    return output.trimEnd().split("\n");
  };

  test.each(promised)("make %s", (target, command) => {
    expect(dryRun(target)).toEqual(["scripts/bootstrap.sh runtime", `node dist/vedette.js ${command}`]);
  });

  test("hands FILE, NODE, YES, RUNTIME and ARGS on, quoted", () => {
    const line = dryRun(
      "restart",
      "FILE=it's mine.yaml",
      "NODE=redis-slave-1",
      "YES=1",
      "RUNTIME=local",
      "ARGS=--json",
    );
    expect(line.at(-1)).toBe(
      `node dist/vedette.js restart 'redis-slave-1' -f 'it'\\''s mine.yaml' --runtime 'local' --yes --json`,
    );
  });

  test("takes its variables from the command line only", () => {
    const env = { ...process.env, NODE: "/usr/bin/node", YES: "1", MAKEFLAGS: "" };
    const output = execFileSync("make", ["-n", "clean", "logs"], { cwd: root, env, encoding: "utf8" });
    expect(output).not.toMatch(/--yes|usr.bin/);
  });

  test("`make` lists every target", () => {
    const { MAKEFLAGS: _flags, ...env } = process.env;
    const help = execFileSync("make", ["--no-print-directory"], { cwd: root, env, encoding: "utf8" });
    const listed = new Set([...help.matchAll(/^ {2}(\S+) {2,}\S/gm)].map(([, name]) => name));
    expect(listed).toEqual(new Set([...targets].map((name) => name.replace("%", "1..3"))));
    expect(listed.size).toBeGreaterThan(30);
  });
});

describe("documents", () => {
  test("are found", () => expect(markdown.length).toBeGreaterThan(5));

  test.each(markdown)("%s links to what exists", (path) => {
    const broken = relativeLinks(read(path)).filter((link) => {
      const target = link.path === "" ? path : posix.join(dirname(path), link.path);
      if (!existsSync(join(root, target))) return true;
      return link.anchor !== "" && target.endsWith(".md") && !anchors(read(target)).has(link.anchor);
    });
    expect(broken).toEqual([]);
  });

  test.each(markdown)("%s names make targets that exist", (path) => {
    expect([...makeTargets(read(path))].filter((name) => !hasTarget(name))).toEqual([]);
  });

  test.runIf(existsSync(join(root, "README.md")))("README.md has every target that runs a cluster", () => {
    const told = [...makeTargets(read("README.md"))];
    const lines = read("Makefile").split("\n");
    const runs = [...targets].filter(
      (name) => !lines.some((line) => line.startsWith(`${name}:`) && / ## Development: /.test(line)),
    );
    expect(runs.length).toBeGreaterThan(25);
    expect(runs.filter((name) => !told.some((each) => each.startsWith(name.replace("%", ""))))).toEqual([]);
  });

  test("README.md has every command, as the command line knows it", () => {
    const readme = read("README.md");
    expect(COMMANDS.length).toBeGreaterThan(25);
    expect(
      COMMANDS.filter(({ usage }) => !readme.includes(`\`vedette ${usage}\``)).map(({ usage }) => usage),
    ).toEqual([]);
  });

  test("what the checks look for is found", () => {
    expect(relativeLinks("[a](b.md#c) `[x](y)` <https://z> ![i](d/e.png)\n[r]: f.md")).toEqual([
      { line: 1, path: "b.md", anchor: "c" },
      { line: 1, path: "d/e.png", anchor: "" },
      { line: 2, path: "f.md", anchor: "" },
    ]);
    expect([...anchors("# Why `three`?\n## A-b c\n## A-b c")]).toEqual(["why-three", "a-b-c", "a-b-c-1"]);
    expect([...makeTargets("make sure\n`make up`\n```sh\ncd x && make no-such\n```\n")]).toEqual([
      "no-such",
      "up",
    ]);
  });
});

describe("every file", () => {
  const binary = /\.(png|gif|ico|rdb|gz|tgz|woff2)$/;
  const texts = files.filter((path) => !binary.test(path) && path !== "test/repo.test.ts");

  test.each([
    ["a path of somebody's machine", /(?:^|[\s"'`(=:])\/(?:work|Users|root)\/\w/],
    [
      "the host of a package registry",
      /https?:\/\/[^\s"'/]*(?:registry|npmjs|artifactory|verdaccio|pypi)[^\s"'/]*\//,
    ],
    ["an unfinished place", /\b(?:TODO|FIXME|XXX)\b/],
  ])("is free of %s", (_, pattern) => {
    const found = texts.flatMap((path) =>
      read(path)
        .split("\n")
        .flatMap((line, index) =>
          pattern.test(line) ? [`${path}:${index + 1}: ${line.trim().slice(0, 80)}`] : [],
        ),
    );
    expect(found).toEqual([]);
  });
});
