import { VedetteError } from "../errors.ts";

/** Why a node did not give what we asked for. */
export type RedisErrorKind =
  /** Nothing listens there. */
  | "refused"
  /** No answer within the deadline: hung, or packets are dropped. */
  | "timeout"
  /** It wants a password, or rejects ours. */
  | "auth"
  /** It still reads its data set. */
  | "loading"
  /** The connection ended before the answer came. */
  | "closed"
  /** Any other error reply: `reply` has its first word, `NOGOODSLAVE`. */
  | "reply"
  | "other";

/** A failed conversation with one node: `SENTINEL CKQUORUM 127.0.0.1:26379: timed out after 500 ms`. */
export class RedisError extends VedetteError {
  override readonly name = "RedisError";
  readonly kind: RedisErrorKind;
  /** The error reply's first word (`NOAUTH`, `READONLY`, …), null when no reply came. */
  readonly reply: string | null;

  constructor(kind: RedisErrorKind, where: string, why: string, cause?: unknown) {
    super(`${where}: ${why}`, { cause });
    this.kind = kind;
    this.reply =
      kind === "auth" || kind === "loading" || kind === "reply" ? (why.split(" ")[0] ?? null) : null;
  }
}
