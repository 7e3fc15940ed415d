import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { findBinary } from "../../runtimes/state/binaries.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { VERSION } from "../version.ts";

/** A program that hangs must not hold the answer back: ms. */
const ASK_DEADLINE_MS = 2_000;

interface Found {
  version: string | null;
  path: string | null;
}

export async function run({ io, options }: Invocation): Promise<number> {
  const [server, cli] = await Promise.all([find("redis-server"), find("redis-cli")]);
  if (options.json) {
    json(io, {
      schema: 1,
      vedette: VERSION,
      node: process.versions.node,
      redisServer: server,
      redisCli: cli,
    });
    return 0;
  }
  const lines = [
    ["vedette", VERSION],
    ["node", process.versions.node],
    ["redis-server", text(server)],
    ["redis-cli", text(cli)],
  ];
  for (const [name = "", value = ""] of lines) io.out(`${name.padEnd(12)}  ${value}`);
  return 0;
}

async function find(program: string): Promise<Found> {
  const path = lookUp(program);
  if (path === null) return { version: null, path: null };
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: ASK_DEADLINE_MS });
    return { version: versionIn(stdout), path };
  } catch {
    return { version: null, path };
  }
}

/** `Redis server v=7.0.15 sha=…`, `redis-cli 7.0.15`, and Valkey's `Valkey server v=8.0.1 …` */
function versionIn(text: string): string | null {
  return /(?:\bv=|[a-z]-cli )(\d[\w.-]*)/.exec(text)?.[1] ?? null;
}

function lookUp(program: string): string | null {
  try {
    return findBinary(program, process.env);
  } catch {
    return null; // that it is missing is the answer
  }
}

function text({ version, path }: Found): string {
  if (path === null) return "not found on PATH";
  return `${version ?? "unknown version"}  ${path}`;
}
