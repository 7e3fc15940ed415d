import { execFileSync } from "node:child_process";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import type { DockerEngine } from "./docker-engine.ts";

/** What the official images have, as far as nodes need it, made of this machine's own programs. */

const SERVER = ["redis-server", "redis-sentinel", "redis-cli", "redis-benchmark", "redis-check-rdb"];
const TOOLS =
  `awk basename cat chmod chown cp cut date df dirname du echo env expr find grep head id kill ln ls mkdir mv
  od printf rm sed sleep sort stat sync tail test timeout touch tr true uname uniq wc`.split(/\s+/);
/** Of the user `redis` or `valkey` in the official images. */
const SERVER_ID = 999;
/** Of the user `node` in those of Node.js. */
const NODE_ID = 1000;

/** Imports an image with Redis under this name; `engine` names its programs. */
export async function importRedisImage(
  docker: DockerEngine,
  name: string,
  engine: "redis" | "valkey" = "redis",
): Promise<void> {
  const dir = engine === "redis" ? "/usr/local/bin" : "/usr/local/lib";
  const programs = SERVER.map((program): [string, string] => [program, `${dir}/${program}`]);
  await importImage(docker, name, programs, ["WORKDIR /data", "VOLUME /data"], (root) => {
    // Redis' programs are one, which goes by its name: another name needs a script before it.
    for (const [program, path] of engine === "redis" ? [] : programs) {
      const script = join(root, "usr/local/bin", program.replace("redis", engine));
      writeFileSync(script, `#!/bin/sh\nexec ${path} "$@"\n`, { mode: 0o755 });
    }
  });
}

/** Imports what the Dockerfile builds: Node.js, the built package, and the places that it keeps. */
export async function importStewardImage(docker: DockerEngine, name: string): Promise<void> {
  const file = readFileSync("Dockerfile", "utf8");
  const copied = [...file.matchAll(/^COPY --from=build \/vedette\/(\S+) \/vedette\/(\S+)$/gm)];
  const entrypoint = /^ENTRYPOINT .*$/m.exec(file)?.[0] ?? "";
  await importImage(
    docker,
    name,
    [["node", "/usr/local/bin/node"]],
    ["WORKDIR /cluster", entrypoint],
    (root) => {
      for (const [, from = "", to = ""] of copied)
        cpSync(from, join(root, "vedette", to), { recursive: true });
      for (const dir of ["cluster", "state"]) mkdirSync(join(root, dir));
      chownSync(join(root, "state"), NODE_ID, NODE_ID);
    },
  );
}

async function importImage(
  docker: DockerEngine,
  name: string,
  programs: readonly [program: string, path: string][],
  changes: readonly string[],
  more: (root: string) => void = () => {},
): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), "vdk-image-"));
  try {
    for (const dir of ["bin", "data", "dev", "etc", "proc", "run", "sys", "tmp", "usr/bin", "usr/local/bin"])
      mkdirSync(join(root, dir), { recursive: true });
    for (const [program, path] of programs) addProgram(root, program, path);
    for (const tool of TOOLS) addProgram(root, tool, `/usr/bin/${tool}`);
    addProgram(root, "sh", "/bin/sh");
    chmodSync(join(root, "tmp"), 0o1777);
    chownSync(join(root, "data"), SERVER_ID, SERVER_ID);
    writeFileSync(
      join(root, "etc/passwd"),
      `root:x:0:0::/:/bin/sh\nredis:x:${SERVER_ID}:${SERVER_ID}::/data:/bin/sh\n`,
    );
    writeFileSync(join(root, "etc/group"), `root:x:0:\nredis:x:${SERVER_ID}:\n`);
    more(root);
    const tar = join(docker.dir, "image.tar");
    execFileSync("tar", ["--create", "--numeric-owner", "--file", tar, "--directory", root, "."]);
    const path = "ENV PATH=/usr/local/bin:/usr/bin:/bin";
    await docker.docker("import", ...[path, ...changes].flatMap((each) => ["--change", each]), tar, name);
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

/** A program with the libraries that it is linked with; links are followed, so that each file is whole. */
function addProgram(root: string, program: string, path: string): void {
  const found = execFileSync("which", [program], { encoding: "utf8" }).trim();
  const source = realpathSync(found);
  put(root, source, path);
  for (const library of librariesOf(source)) put(root, realpathSync(library), library);
}

function librariesOf(program: string): string[] {
  try {
    const said = execFileSync("ldd", [program], { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return said.match(/\/[^\s)]+/g) ?? [];
  } catch {
    return []; // a script, or linked statically
  }
}

function put(root: string, source: string, path: string): void {
  const target = join(root, path);
  if (existsSync(target)) return;
  mkdirSync(dirname(target), { recursive: true });
  copyFileSync(source, target);
  chmodSync(target, basename(target).startsWith("lib") ? 0o644 : 0o755);
}
