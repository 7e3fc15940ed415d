import { closeSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { errorCode } from "../../errors.ts";
import type { RedisNode } from "../../topology/model.ts";

const BLOCK = Buffer.alloc(64 * 1024);

/** Fills the file system that a node's data is on, down to the last byte, and empties it again. */
export class FullDisk {
  private readonly file: string;
  private filled = false;

  constructor(node: RedisNode) {
    this.file = join(node.dataDir, "vedette-drill-filler");
  }

  async fill(): Promise<void> {
    this.filled = true;
    const file = openSync(this.file, "w", 0o600);
    try {
      let size = BLOCK.length;
      while (size >= 1) {
        if (!writes(file, size)) size = Math.floor(size / 2);
      }
    } finally {
      closeSync(file);
    }
  }

  /** True when there was something to clear. */
  async clear(): Promise<boolean> {
    if (!this.filled) return false;
    rmSync(this.file, { force: true });
    this.filled = false;
    return true;
  }
}

function writes(file: number, size: number): boolean {
  try {
    return writeSync(file, BLOCK, 0, size) === size;
  } catch (error) {
    if (errorCode(error) === "ENOSPC") return false;
    throw error;
  }
}
