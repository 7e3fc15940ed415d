import { mkdirSync, readFileSync } from "node:fs";
import { dirname } from "node:path";
import writeFileAtomic from "write-file-atomic";
import type { Step } from "./steps.ts";

/** What an operation set out to do and how far it came: for the next command, and for people. */
export interface Journal {
  operation: string;
  token: number;
  /** Wall clock ms. */
  startedAt: number;
  state: "running" | "done" | "failed";
  error: string | null;
  steps: (Step & { done: boolean })[];
}

export function writeJournal(file: string, journal: Journal): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileAtomic.sync(file, `${JSON.stringify(journal, null, 2)}\n`, { mode: 0o600 });
}

/** The last operation's journal, or null if there is none or it is damaged: it tells a story, it decides nothing. */
export function readJournal(file: string): Journal | null {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isJournal(value) ? value : null;
  } catch {
    return null;
  }
}

function isJournal(value: unknown): value is Journal {
  return (
    typeof value === "object" &&
    value !== null &&
    "operation" in value &&
    "state" in value &&
    "steps" in value &&
    Array.isArray(value.steps)
  );
}
