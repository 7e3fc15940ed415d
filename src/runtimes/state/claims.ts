import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createExclusive, makeDir, readJson, replaceJson } from "./files.ts";
import { isAlive, ownIdentity } from "./identity.ts";

/**
 * Exclusive claims: one steward per cluster, one operation at a time.
 *
 * A claim is a numbered file, made with link(2) so that of two claimants one wins; its number is the fencing
 * token and only grows. A claim ends when its holder says so or is no longer alive (pid, start time and boot
 * compared), so a `kill -9` frees it at once. See docs/decisions/one-claim-mechanism.md for what was rejected.
 */
export interface ClaimRecord {
  token: number;
  name: string;
  pid: number;
  start: string;
  boot: string;
  /** Wall clock ms. */
  since: number;
  released: boolean;
}

export interface Claim {
  token: number;
  release(): void;
}

/** The claim in force, or null when nobody holds one. */
export function currentClaim(dir: string): ClaimRecord | null {
  const last = lastClaim(dir);
  return last !== null && holds(last) ? last : null;
}

/** Claims `dir` for this process, or returns the record of the holder. */
export function claim(dir: string, name: string, now: number): Claim | ClaimRecord {
  makeDir(dir);
  for (;;) {
    const last = lastClaim(dir);
    if (last !== null && holds(last)) return last;
    const token = (last?.token ?? 0) + 1;
    const record: ClaimRecord = { token, name, ...ownIdentity(), since: now, released: false };
    if (!createExclusive(fileOf(dir, token), JSON.stringify(record))) continue;
    forgetBefore(dir, token);
    return { token, release: () => release(dir, record) };
  }
}

export function isClaim(result: Claim | ClaimRecord): result is Claim {
  return "release" in result;
}

/** A claim whose file is gone (`clean` deletes the whole state) leaves nothing to release, and nothing behind. */
function release(dir: string, record: ClaimRecord): void {
  if (existsSync(fileOf(dir, record.token)))
    replaceJson(fileOf(dir, record.token), { ...record, released: true });
}

function holds(record: ClaimRecord): boolean {
  return !record.released && isAlive(record);
}

function lastClaim(dir: string): ClaimRecord | null {
  const tokens = tokensIn(dir);
  const last = tokens.at(-1);
  if (last === undefined) return null;
  const record = readJson(fileOf(dir, last));
  // A damaged claim (a disk that was full) frees the cluster but still counts: tokens never go back.
  return isRecord(record)
    ? record
    : { token: last, name: "", pid: 0, start: "", boot: "", since: 0, released: true };
}

function tokensIn(dir: string): number[] {
  try {
    return readdirSync(dir)
      .filter((name) => /^\d+\.json$/.test(name))
      .map((name) => Number.parseInt(name, 10))
      .sort((a, b) => a - b);
  } catch {
    return [];
  }
}

function forgetBefore(dir: string, token: number): void {
  for (const old of tokensIn(dir)) if (old < token) rmSync(fileOf(dir, old), { force: true });
}

function fileOf(dir: string, token: number): string {
  return join(dir, `${String(token).padStart(8, "0")}.json`);
}

function isRecord(value: unknown): value is ClaimRecord {
  return (
    typeof value === "object" &&
    value !== null &&
    "token" in value &&
    typeof value.token === "number" &&
    "pid" in value &&
    typeof value.pid === "number" &&
    "start" in value &&
    "boot" in value &&
    "released" in value
  );
}
