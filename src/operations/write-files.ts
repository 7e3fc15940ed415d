import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { errorCode, VedetteError } from "../errors.ts";
import type { RenderedFile } from "../render/bundle.ts";

/** Files that people read, share and commit: unlike the state directory's they hold no secrets. */
const PUBLIC_FILE = 0o644;

export interface WrittenFile {
  /** Relative to the directory. */
  path: string;
  what: "new" | "changed" | "unchanged";
}

/** Compares files with what stands in `directory`; reads only. */
export function compareFiles(directory: string, files: readonly RenderedFile[]): WrittenFile[] {
  return files.map(({ path, content }) => {
    const before = textOf(join(directory, path));
    return { path, what: before === null ? "new" : before === content ? "unchanged" : "changed" };
  });
}

/** Writes those that differ, each whole or not at all. Other files of the directory are left alone. */
export function writeFiles(directory: string, files: readonly RenderedFile[]): WrittenFile[] {
  const compared = compareFiles(directory, files);
  for (const [at, { path, content }] of files.entries()) {
    if (compared[at]?.what !== "unchanged") writeWhole(join(directory, path), content);
  }
  return compared;
}

/** Readers see the old content or the new one; makes the directories above. */
export function writeWhole(file: string, content: string): void {
  try {
    mkdirSync(dirname(file), { recursive: true });
    writeFileAtomic.sync(file, content, { mode: PUBLIC_FILE });
  } catch (cause) {
    throw new VedetteError(`writing ${file}`, { cause });
  }
}

/** False, and nothing written, if something of that name is there. */
export function createFile(file: string, content: string): boolean {
  try {
    writeFileSync(file, content, { mode: PUBLIC_FILE, flag: "wx" });
    return true;
  } catch (cause) {
    if (errorCode(cause) === "EEXIST") return false;
    throw new VedetteError(`writing ${file}`, { cause });
  }
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return null;
    throw new VedetteError(`reading ${file}`, { cause });
  }
}
