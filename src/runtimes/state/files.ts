import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import { errorCode, VedetteError } from "../../errors.ts";

/** Nobody but the owner reads what Vedette keeps: configurations may hold passwords. */
const PRIVATE_FILE = 0o600;
const SHARED_FILE = 0o644;
const PRIVATE_DIR = 0o700;

/** What can be done about a file system that refuses. */
const REMEDIES: Record<string, string> = {
  EACCES: "work as the user who owns it, or choose another place with `stateDir` in the topology file",
  EPERM: "work as the user who owns it, or choose another place with `stateDir` in the topology file",
  EROFS: "choose a place that can be written to with `stateDir` in the topology file",
  ENOSPC: "the disk is full: make room",
  EDQUOT: "the quota is used up: make room",
};

export function makeDir(path: string): void {
  explained(`making the directory ${path}`, () => mkdirSync(path, { recursive: true, mode: PRIVATE_DIR }));
}

function explained<T>(doing: string, work: () => T): T {
  try {
    return work();
  } catch (cause) {
    const next = REMEDIES[errorCode(cause) ?? ""];
    throw next === undefined ? cause : new VedetteError(doing, { cause, next });
  }
}

/** Readers see the old content or the new one, also after a power cut (written aside, synced, renamed). */
export function replaceFile(path: string, content: string): void {
  makeDir(dirname(path));
  explained(`writing ${path}`, () => writeFileAtomic.sync(path, content, { mode: PRIVATE_FILE }));
}

/**
 * As `replaceFile`, but not synced: for hints that are written every second and may be a little old after a power cut.
 * Its directory must be there: one that was deleted a moment ago (`clean`) must not come back.
 */
export function replaceHint(path: string, value: unknown): void {
  const options = { mode: PRIVATE_FILE, fsync: false };
  explained(`writing ${path}`, () => writeFileAtomic.sync(path, `${JSON.stringify(value)}\n`, options));
}

export function replaceJson(path: string, value: unknown): void {
  replaceFile(path, `${JSON.stringify(value, null, 2)}\n`);
}

/** The file's text, or null if there is none. */
export function readText(path: string): string | null {
  // The steward asks several times a second for files that are mostly absent; an exception costs more than a look.
  if (!existsSync(path)) return null;
  try {
    return explained(`reading ${path}`, () => readFileSync(path, "utf8"));
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
  explained(`writing ${path}`, () => writeFileSync(aside, content, { mode: PRIVATE_FILE }));
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

/** As `replaceFile`, for what a container reads as another user; the directories above keep everybody else out. */
export function replaceShared(path: string, content: string): void {
  makeDir(dirname(path));
  explained(`writing ${path}`, () => writeFileAtomic.sync(path, content, { mode: SHARED_FILE }));
}
