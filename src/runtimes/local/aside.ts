import { readdirSync, renameSync, rmSync, statSync, statfsSync } from "node:fs";
import { basename, join } from "node:path";
import { errorCode } from "../../errors.ts";
import type { RedisNode } from "../../topology/model.ts";
import type { DataRoom } from "../runtime.ts";
import { makeDir } from "../state/files.ts";

/** Data that was set aside lies below the data directory itself: it may be a mount, and a rename stays within one. */
const ASIDE = /^aside-\d+$/;

export function dataRoom(node: RedisNode): DataRoom {
  makeDir(node.dataDir);
  const { bavail, bsize } = statfsSync(node.dataDir);
  const names = readdirSync(node.dataDir);
  const own = names.filter((name) => !ASIDE.test(name));
  return {
    freeBytes: bavail * bsize,
    bytes: own.reduce((sum, name) => sum + sizeOf(join(node.dataDir, name)), 0),
    aside: names.filter((name) => ASIDE.test(name)).map((name) => join(node.dataDir, name)),
  };
}

/** Moves everything the node holds to `aside-STAMP` and returns that path. */
export function setAside(node: RedisNode, stamp: number): string {
  const to = join(node.dataDir, `aside-${stamp}`);
  makeDir(to);
  for (const name of readdirSync(node.dataDir)) {
    if (!ASIDE.test(name)) renameSync(join(node.dataDir, name), join(to, name));
  }
  return to;
}

/** Deletes what was set aside, and nothing else. */
export function deleteAside(node: RedisNode): void {
  for (const path of dataRoom(node).aside) {
    if (ASIDE.test(basename(path))) rmSync(path, { recursive: true, force: true });
  }
}

function sizeOf(path: string): number {
  try {
    const stat = statSync(path);
    if (!stat.isDirectory()) return stat.size;
    return readdirSync(path).reduce((sum, name) => sum + sizeOf(join(path, name)), 0);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return 0; // a running server renames and deletes its files
    throw error;
  }
}
