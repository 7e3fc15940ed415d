import type { ConnectionOptions } from "node:tls";
import { Redis } from "ioredis";
import { errorCode } from "../errors.ts";
import { RedisError, type RedisErrorKind } from "./redis-error.ts";

export type RedisArgument = string | number | Buffer;

export interface ConnectOptions {
  /** The address by which the node is known; the connection carries it. */
  host: string;
  port: number;
  /** Where this machine reaches that address, if it is elsewhere: a port that Docker publishes. */
  via?: { host: string; port: number };
  /** Sent with AUTH, to Sentinels as to data nodes. */
  password?: string | null;
  /** An ACL user; needs `password`. */
  username?: string | null;
  /** Speaks TLS, with these options of node:tls; `{}` trusts the system's authorities. */
  tls?: ConnectionOptions | null;
  /** Does not keep the process alive: for connections that only listen. */
  background?: boolean;
  /** For the connection and, unless a call says otherwise, for each call: ms. */
  deadlineMs: number;
}

/**
 * One connection that is never silently remade.
 *
 * It has no retries, no offline queue and no ready check: an operator's tool must see a failure the first
 * time, at the node it asked.
 */
export interface RedisConnection {
  readonly host: string;
  readonly port: number;
  /** Rejects with a RedisError, at the latest after the connection's deadline. */
  call(command: string, ...args: RedisArgument[]): Promise<unknown>;
  /** As `call`, with its own deadline: for WAIT, blocking reads and other slow commands. */
  callWithin(deadlineMs: number, command: string, ...args: RedisArgument[]): Promise<unknown>;
  /**
   * Sends all commands at once. Error replies come back as values in their place; only a lost connection or
   * the deadline (of the whole batch) rejects.
   */
  callAll(commands: (readonly [string, ...RedisArgument[]])[], deadlineMs?: number): Promise<unknown[]>;
  /** Resolves once the server has confirmed; afterwards this connection takes (un)subscriptions only. */
  subscribe(channel: string, onMessage: (message: string, channel: string) => void): Promise<void>;
  psubscribe(pattern: string, onMessage: (message: string, channel: string) => void): Promise<void>;
  /** Called once, when the connection has ended for whatever reason; at once if it has ended already. */
  onClose(callback: () => void): void;
  /** Ends the connection; calls under way reject. */
  close(): void;
}

/** How long a peer that does not answer our FIN may keep the process alive: ms. */
const LINGER_MS = 20;

/**
 * Connects, and authenticates if there is a password.
 *
 * Throws RedisError; no connection is left open then.
 */
export async function connect(options: ConnectOptions): Promise<RedisConnection> {
  const redis = new Redis({
    host: options.via?.host ?? options.host,
    port: options.via?.port ?? options.port,
    ...(options.tls && { tls: options.tls }),
    lazyConnect: true,
    connectTimeout: options.deadlineMs,
    disconnectTimeout: LINGER_MS,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    retryStrategy: () => null,
    maxRetriesPerRequest: null,
    // RESP2 and no CLIENT SETINFO: Sentinels and old servers answer the same flat replies, and the first
    // command is ours. AUTH is ours too: ioredis writes warnings to the console when it is not needed.
    protocol: 2,
    disableClientInfo: true,
  });
  const connection = new IoredisConnection(redis, options);
  try {
    await connection.open();
    if (options.background) redis.stream.unref();
    if (options.password) await authenticate(connection, options.password, options.username ?? null);
    return connection;
  } catch (error) {
    connection.close();
    throw error;
  }
}

async function authenticate(
  connection: RedisConnection,
  password: string,
  username: string | null,
): Promise<void> {
  try {
    await connection.call("AUTH", ...(username === null ? [] : [username]), password);
  } catch (error) {
    // A node that runs without a password lets us in anyway; whether that is right is not the wire's business.
    if (error instanceof RedisError && /without any password|no password is set/.test(error.message)) return;
    throw error;
  }
}

/** Commands whose subcommand is what one wants to read in an error. */
const CONTAINERS = new Set([
  "ACL",
  "CLIENT",
  "CLUSTER",
  "CONFIG",
  "DEBUG",
  "LATENCY",
  "MEMORY",
  "SENTINEL",
  "SLOWLOG",
]);

class IoredisConnection implements RedisConnection {
  readonly host: string;
  readonly port: number;
  private readonly redis: Redis;
  private readonly deadlineMs: number;
  private readonly background: boolean;
  /** ioredis emits why a connection failed and rejects only with "Connection is closed." */
  private lastError: unknown = null;

  constructor(redis: Redis, options: ConnectOptions) {
    this.redis = redis;
    this.host = options.host;
    this.port = options.port;
    this.deadlineMs = options.deadlineMs;
    this.background = options.background === true;
    redis.on("error", (error: unknown) => {
      this.lastError = error;
    });
  }

  async open(): Promise<void> {
    await this.within(this.deadlineMs, "connecting to", this.redis.connect());
  }

  async call(command: string, ...args: RedisArgument[]): Promise<unknown> {
    return this.callWithin(this.deadlineMs, command, ...args);
  }

  async callWithin(deadlineMs: number, command: string, ...args: RedisArgument[]): Promise<unknown> {
    return this.within(deadlineMs, label(command, args), this.redis.call(command, ...args));
  }

  async callAll(
    commands: (readonly [string, ...RedisArgument[]])[],
    deadlineMs: number = this.deadlineMs,
  ): Promise<unknown[]> {
    const [first] = commands;
    if (first === undefined) return [];
    const pipeline = this.redis.pipeline();
    for (const [command, ...args] of commands) pipeline.call(command, ...args);
    const [name, ...rest] = first;
    const what =
      commands.length === 1 ? label(name, rest) : `${label(name, rest)} and ${commands.length - 1} more at`;
    const results = (await this.within(deadlineMs, what, pipeline.exec())) ?? [];
    return results.map(([error, value], index) => {
      if (error === null) return value;
      const [command, ...args] = commands[index] ?? first;
      const failure = this.failure(label(command, args), error);
      if (failure.reply === null) throw failure;
      return failure;
    });
  }

  async subscribe(channel: string, onMessage: (message: string, channel: string) => void): Promise<void> {
    this.redis.on("message", (from: string, message: string) => {
      if (from === channel) onMessage(message, from);
    });
    await this.within(this.deadlineMs, "SUBSCRIBE", this.redis.subscribe(channel));
  }

  async psubscribe(pattern: string, onMessage: (message: string, channel: string) => void): Promise<void> {
    this.redis.on("pmessage", (matched: string, from: string, message: string) => {
      if (matched === pattern) onMessage(message, from);
    });
    await this.within(this.deadlineMs, "PSUBSCRIBE", this.redis.psubscribe(pattern));
  }

  onClose(callback: () => void): void {
    if (this.redis.status === "end") callback();
    else this.redis.once("end", callback);
  }

  close(): void {
    if (this.redis.status !== "end") this.redis.disconnect();
  }

  private async within<T>(deadlineMs: number, what: string, answer: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => {
        reject(new RedisError("timeout", this.where(what), `timed out after ${deadlineMs} ms`));
      }, deadlineMs);
      if (this.background) timer.unref();
    });
    try {
      return await Promise.race([answer, late]);
    } catch (error) {
      throw error instanceof RedisError ? error : this.failure(what, error);
    } finally {
      clearTimeout(timer);
    }
  }

  private where(what: string): string {
    return `${what} ${this.host}:${this.port}`;
  }

  private failure(what: string, error: unknown): RedisError {
    const closed =
      error instanceof Error && /Connection is closed|isn't writeable|Command aborted/.test(error.message);
    const cause = closed && this.lastError !== null ? this.lastError : error;
    const kind = closed && cause === error ? "closed" : kindOf(cause);
    const why = kind === "closed" ? "the connection was closed" : reasonOf(kind, cause, this.deadlineMs);
    return new RedisError(kind, this.where(what), why, cause);
  }
}

function label(command: string, args: readonly RedisArgument[]): string {
  const name = command.toUpperCase();
  const [sub] = args;
  return CONTAINERS.has(name) && typeof sub === "string" ? `${name} ${sub.toUpperCase()}` : name;
}

function kindOf(error: unknown): RedisErrorKind {
  const code = errorCode(error);
  if (code === "ECONNREFUSED") return "refused";
  if (code === "ETIMEDOUT") return "timeout";
  if (code === "ECONNRESET" || code === "EPIPE") return "closed";
  if (code !== null || !(error instanceof Error)) return "other";
  if (/^(NOAUTH|WRONGPASS)\b|^ERR invalid password/.test(error.message)) return "auth";
  if (/^LOADING\b/.test(error.message)) return "loading";
  return error.name === "ReplyError" ? "reply" : "other";
}

function reasonOf(kind: RedisErrorKind, error: unknown, deadlineMs: number): string {
  if (kind === "refused") return "connection refused";
  if (kind === "timeout") return `timed out after ${deadlineMs} ms`;
  return error instanceof Error ? error.message : String(error);
}
