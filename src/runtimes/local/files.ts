import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { errorCode } from "../../errors.ts";

/** Nobody but the owner reads what Vedette keeps: configurations may hold passwords. */
const PRIVATE_FILE = 0o600;
const PRIVATE_DIR = 0o700;

export function makeDir(path: string): void {
  mkdirSync(path, { recursive: true, mode: PRIVATE_DIR });
}

/** Readers see the old content or the new one, also after a power cut (written aside, synced, renamed). */
export function replaceFile(path: string, content: string): void {
  makeDir(dirname(path));
  writeFileAtomic.sync(path, content, { mode: PRIVATE_FILE });
}

export function replaceJson(path: string, value: unknown): void {
  replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** The file's text, or null if there is none. */
export function readText(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (errorCode(error) === "ENOENT" || errorCode(error) === "ENOTDIR") return null;
    throw error;
  }
}

/** The file's JSON, or null if there is none or it is damaged: such files hold hints, never the only truth. */
export function readJson(path: string): unknown {
  const text = readText(path);
  if (text === null) return null;
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** Makes `path` with `content` unless it exists already; false if it does. Of two callers one wins. */
export function createExclusive(path: string, content: string): boolean {
  const aside = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}`;
  writeFileSync(aside, content, { mode: PRIVATE_FILE });
  try {
    linkSync(aside, path);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(aside, { force: true });
  }
}
