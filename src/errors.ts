/**
 * Errors as people meet them: what we were doing, to whom, why it failed, and what to do next.
 *
 * `VedetteError` is an expected failure of the world (exit code 1), `UsageError` a wrong command line or
 * configuration (exit code 2). Anything else that reaches the top is a bug and is reported as one.
 */
export class VedetteError extends Error {
  override readonly name: string = "VedetteError";
  /** What the user can do about it: one sentence, usually with the command to type. */
  readonly next: string | null;

  constructor(message: string, options: { cause?: unknown; next?: string } = {}) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.next = options.next ?? null;
  }

  get exitCode(): 1 | 2 {
    return 1;
  }
}

/** Wrong usage or configuration; nothing was touched. */
export class UsageError extends VedetteError {
  override readonly name = "UsageError";

  override get exitCode(): 1 | 2 {
    return 2;
  }
}

/** The chain of messages from `error` down to its root cause, joined as one sentence. */
export function explain(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const own = error.message || error.name;
  if (error.cause === undefined) return own;
  const cause = explain(error.cause);
  return own.includes(cause) ? own : `${own}: ${cause}`;
}

/** The `code` of a Node.js system error (`ENOENT`, `ECONNREFUSED`, …), or null. */
export function errorCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null || !("code" in error)) return null;
  return typeof error.code === "string" ? error.code : null;
}
