import { UsageError } from "../errors.ts";

/** What of an ioredis pipeline is needed here: any version's fits. */
interface Commands {
  call(command: string, ...args: (string | number)[]): unknown;
  exec(): Promise<[error: Error | null, result: unknown][] | null>;
  readonly length: number;
}

interface Client<C extends Commands> {
  pipeline(): C;
  on(event: "close", listener: () => void): unknown;
}

export interface ConfirmedOptions {
  /** Replicas that the cluster has beside its master, up or not. */
  replicas: number;
  /** How long to wait for them: ms; 1000. */
  timeoutMs?: number;
}

export type Confirmation =
  /** Enough replicas have it. `replies` are those of the commands, in their order. */
  | { outcome: "ok"; replies: unknown[]; acknowledged: number }
  /**
   * Written, not written, or written and lost later: nobody knows. Repeat what may be repeated. `acknowledged` are the
   * replicas that are known to have it; `cause` is the error, if it was one.
   */
  | { outcome: "unknown"; why: string; acknowledged: number; cause: Error | null };

export type Confirm<C> = (write: (commands: C) => unknown) => Promise<Confirmation>;

/** Replicas that must have a write so that a majority of the nodes has it: ⌈(replicas + 1) / 2⌉. */
export function replicasToConfirm(replicas: number): number {
  return Math.ceil((replicas + 1) / 2);
}

const TIMEOUT_MS = 1_000;

/**
 * Writes that say whether they would survive the loss of the master:
 * `const confirm = confirmedWrites(redis, { replicas: 3 }); await confirm((commands) => commands.set("k", 1))`.
 *
 * `write` queues its commands on the pipeline that it is given, and `WAIT` follows in the same pipeline: both go
 * through one connection, in this order. A function that used the client itself could write through another
 * connection, or after the WAIT. A connection that ends meanwhile makes the outcome unknown even if ioredis sends the
 * commands again, because it may send some of them alone.
 *
 * @throws UsageError for less than one replica, and when `write` queues nothing or goes on later
 */
export function confirmedWrites<C extends Commands>(
  redis: Client<C>,
  { replicas, timeoutMs = TIMEOUT_MS }: ConfirmedOptions,
): Confirm<C> {
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw new UsageError(`confirmedWrites: replicas is ${replicas}: no other node could hold a copy`);
  }
  // WAIT takes 0 for "for ever".
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1) {
    throw new UsageError(`confirmedWrites: timeoutMs is ${timeoutMs}: it must be a whole number above 0`);
  }
  const needed = replicasToConfirm(replicas);
  // One listener for all writes: one for each would make Node warn of a leak from the eleventh at once on.
  let closes = 0;
  redis.on("close", () => {
    closes++;
  });
  return async (write) => {
    const commands = redis.pipeline();
    const queued = queue(commands, write);
    commands.call("WAIT", needed, timeoutMs);
    const before = closes;
    try {
      const results = (await commands.exec()) ?? [];
      return judge(results, { queued, needed, closed: closes !== before });
    } catch (error) {
      return unknown(error instanceof Error ? error.message : String(error), 0, error);
    }
  };
}

function queue<C extends Commands>(commands: C, write: (commands: C) => unknown): number {
  const returned = write(commands);
  if (returned instanceof Promise) {
    void returned.catch(() => {}); // whatever it is, it comes too late
    throw new UsageError(
      "confirmedWrites: the function must queue its commands at once and return no promise",
    );
  }
  if (commands.length === 0) throw new UsageError("confirmedWrites: the function queued no command");
  return commands.length;
}

function judge(
  results: [error: Error | null, result: unknown][],
  { queued, needed, closed }: { queued: number; needed: number; closed: boolean },
): Confirmation {
  const last = results.at(-1);
  const waited = last?.[0] === null && typeof last[1] === "number" ? last[1] : null;
  const acknowledged = waited ?? 0;
  const failed = results.map(failureIn).find((error) => error !== null) ?? null;
  if (closed) return unknown("the connection ended meanwhile", 0, failed);
  if (failed !== null) return unknown(failed.message, acknowledged, failed);
  if (results.length !== queued + 1 || waited === null) return unknown("a reply is missing", 0, null);
  if (waited < needed) return unknown(`${waited} of ${needed} replicas have it`, waited, null);
  return { outcome: "ok", replies: results.slice(0, -1).map(([, reply]) => reply), acknowledged: waited };
}

/** The replies of a transaction are in the reply of its EXEC. */
function failureIn([error, reply]: [error: Error | null, result: unknown]): Error | null {
  if (error !== null) return error;
  const nested: unknown = Array.isArray(reply) ? reply.find((each) => each instanceof Error) : null;
  return nested instanceof Error ? nested : null;
}

function unknown(why: string, acknowledged: number, cause: unknown): Confirmation {
  return { outcome: "unknown", why, acknowledged, cause: cause instanceof Error ? cause : null };
}
