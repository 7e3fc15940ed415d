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
  readonly isCluster?: boolean;
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
 * `write` queues its commands on the pipeline that it is given; a `WAIT` goes behind them through the same connection.
 * A function that used the client itself could write through another connection, or after the WAIT. A connection that
 * ends meanwhile makes the outcome unknown even if ioredis sends the commands again, because it may send some of them
 * alone. WAIT holds its connection up, so the writes that come while one is under way share the next.
 *
 * @throws UsageError for a Cluster client, for less than one replica, and when `write` queues nothing or goes on later
 */
export function confirmedWrites<C extends Commands>(
  redis: Client<C>,
  { replicas, timeoutMs = TIMEOUT_MS }: ConfirmedOptions,
): Confirm<C> {
  if (redis.isCluster === true) {
    throw new UsageError(
      "confirmedWrites: a Cluster client has many connections, and WAIT would go to any of them",
    );
  }
  if (!Number.isInteger(replicas) || replicas < 1) {
    throw new UsageError(`confirmedWrites: replicas is ${replicas}: no other node could hold a copy`);
  }
  // WAIT takes 0 for "for ever".
  if (!Number.isInteger(timeoutMs) || timeoutMs < 1) {
    throw new UsageError(`confirmedWrites: timeoutMs is ${timeoutMs}: it must be a whole number above 0`);
  }
  const batches = new Batches(redis, replicasToConfirm(replicas), timeoutMs);
  return async (write) => {
    const commands = redis.pipeline();
    return batches.add(commands, queue(commands, write));
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

interface Waiting {
  commands: Commands;
  /** How many commands, that is replies. */
  queued: number;
  done: (confirmation: Confirmation) => void;
}

/** Sends what has gathered, and one WAIT behind it, as soon as the WAIT before is answered. */
class Batches {
  private waiting: Waiting[] = [];
  private sending = false;
  /** How often the client's connection has ended. One listener for all: one a write would look like a leak to Node. */
  private closes = 0;

  constructor(
    private readonly redis: Client<Commands>,
    private readonly needed: number,
    private readonly timeoutMs: number,
  ) {
    redis.on("close", () => {
      this.closes++;
    });
  }

  add(commands: Commands, queued: number): Promise<Confirmation> {
    return new Promise((done) => {
      this.waiting.push({ commands, queued, done });
      if (!this.sending) void this.sendAll();
    });
  }

  private async sendAll(): Promise<void> {
    this.sending = true;
    await Promise.resolve(); // what is asked for in the same moment goes with the first
    while (this.waiting.length > 0) await this.send(this.waiting.splice(0));
    this.sending = false;
  }

  /** All in one go, nothing awaited in between: ioredis then writes, or queues, all of it for one connection. */
  private async send(batch: readonly Waiting[]): Promise<void> {
    const before = this.closes;
    const replies = batch.map(({ commands }) => settled(commands));
    const wait = this.redis.pipeline();
    wait.call("WAIT", this.needed, this.timeoutMs);
    const waited = await settled(wait);
    for (const [at, { queued, done }] of batch.entries()) {
      const results = (await replies[at]) ?? [];
      done(judge(results, waited, { queued, needed: this.needed, closed: this.closes !== before }));
    }
  }
}

type Results = [error: Error | null, result: unknown][];

/** The results of a pipeline; an error that is not one command's stands for all of them. */
async function settled(commands: Commands): Promise<Results> {
  try {
    const results: unknown = await commands.exec();
    return Array.isArray(results) ? results : []; // a transaction without its EXEC is never sent
  } catch (error) {
    return [[error instanceof Error ? error : new Error(String(error)), null]];
  }
}

function judge(
  results: Results,
  [waited]: Results,
  { queued, needed, closed }: { queued: number; needed: number; closed: boolean },
): Confirmation {
  const acknowledged = waited?.[0] === null && typeof waited[1] === "number" ? waited[1] : null;
  const failed = [...results, waited ?? [null, null]].map(failureIn).find((error) => error !== null) ?? null;
  const unknown = (why: string, known: number): Confirmation => {
    return { outcome: "unknown", why, acknowledged: known, cause: failed };
  };
  if (closed) return unknown("the connection ended meanwhile", 0);
  if (failed !== null) return unknown(failed.message, acknowledged ?? 0);
  if (results.length !== queued || acknowledged === null) return unknown("a reply is missing", 0);
  if (acknowledged < needed) return unknown(`${acknowledged} of ${needed} replicas have it`, acknowledged);
  return { outcome: "ok", replies: results.map(([, reply]) => reply), acknowledged };
}

/** The replies of a transaction are in the reply of its EXEC. */
function failureIn([error, reply]: Results[number]): Error | null {
  if (error !== null) return error;
  const nested: unknown = Array.isArray(reply) ? reply.find((each) => each instanceof Error) : null;
  return nested instanceof Error ? nested : null;
}
