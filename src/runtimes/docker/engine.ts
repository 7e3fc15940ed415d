import { request, type IncomingMessage } from "node:http";
import { buffer } from "node:stream/consumers";
import { errorCode, VedetteError } from "../../errors.ts";

/** What the engine answered instead of what was asked for. */
export class EngineError extends VedetteError {
  constructor(
    doing: string,
    /** HTTP status. */
    readonly status: number,
    message: string,
  ) {
    super(`${doing}: ${message}`);
  }
}

interface Ask {
  /** For errors: what this is part of. */
  doing: string;
  query?: Record<string, string | number | boolean>;
  body?: unknown;
  /** A tar archive, in place of a JSON body. */
  archive?: Buffer;
  signal?: AbortSignal;
  /** ms. */
  deadlineMs?: number;
}

/** Docker 20.10, which is in every distribution that is still maintained. */
const LEAST_API = "1.41";
/** The newest whose answers we know. An engine that has dropped it gets its own oldest. */
const NEWEST_API = "1.47";

const DEADLINE_MS = 30_000;

/** The Docker engine's HTTP interface on its socket. */
export class Engine {
  private version: Promise<string> | null = null;

  constructor(readonly socket: string) {}

  async json(method: "GET" | "POST" | "DELETE", path: string, ask: Ask): Promise<unknown> {
    const text = (await buffer(await this.stream(method, path, ask))).toString("utf8");
    return text.trim() === "" ? null : JSON.parse(text);
  }

  async bytes(path: string, ask: Ask): Promise<Buffer> {
    return buffer(await this.stream("GET", path, ask));
  }

  /** The body of a successful answer. Throws EngineError for any other, VedetteError when nobody answers. */
  async stream(method: "GET" | "POST" | "PUT" | "DELETE", path: string, ask: Ask): Promise<IncomingMessage> {
    this.version ??= this.negotiate(ask.deadlineMs || DEADLINE_MS).catch((error: unknown) => {
      this.version = null; // an engine that is down now may be up at the next question
      throw error;
    });
    return this.send(method, `/v${await this.version}${path}`, ask);
  }

  private async negotiate(deadlineMs: number): Promise<string> {
    const doing = "asking Docker for its version";
    const body = await buffer(await this.send("GET", "/version", { doing, deadlineMs }));
    const answer = JSON.parse(body.toString("utf8")) as {
      ApiVersion?: string;
      MinAPIVersion?: string;
      Version?: string;
    };
    const newest = answer.ApiVersion ?? "0";
    if (isOlder(newest, LEAST_API)) {
      throw new VedetteError(
        `${doing}: engine ${answer.Version ?? "?"} speaks API ${newest}, and ${LEAST_API} is needed`,
        {
          next: "upgrade Docker to 20.10 or newer",
        },
      );
    }
    const known = isOlder(newest, NEWEST_API) ? newest : NEWEST_API;
    const oldest = answer.MinAPIVersion ?? known;
    return isOlder(known, oldest) ? oldest : known;
  }

  private send(method: string, path: string, ask: Ask): Promise<IncomingMessage> {
    const query = new URLSearchParams(
      Object.entries(ask.query ?? {}).map(([name, value]): [string, string] => [name, String(value)]),
    );
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          socketPath: this.socket,
          method,
          path: ask.query === undefined ? path : `${path}?${query.toString()}`,
          headers: headersOf(ask),
          timeout: ask.deadlineMs ?? DEADLINE_MS,
          ...(ask.signal && { signal: ask.signal }),
        },
        (answer) => {
          if ((answer.statusCode ?? 500) < 400) resolve(answer);
          else refused(ask.doing, answer).then(reject, reject);
        },
      );
      sent.once("timeout", () => sent.destroy(new Error("it does not answer")));
      sent.once("error", (error) => reject(unreachable(ask.doing, this.socket, error)));
      sent.end(ask.archive ?? (ask.body === undefined ? undefined : JSON.stringify(ask.body)));
    });
  }
}

function headersOf({ archive, body }: Ask): Record<string, string> {
  if (archive !== undefined) return { host: "docker", "content-type": "application/x-tar" };
  return body === undefined ? { host: "docker" } : { host: "docker", "content-type": "application/json" };
}

async function refused(doing: string, answer: IncomingMessage): Promise<EngineError> {
  const text = (await buffer(answer)).toString("utf8");
  return new EngineError(doing, answer.statusCode ?? 500, messageOf(text));
}

function messageOf(text: string): string {
  try {
    const value = JSON.parse(text) as { message?: unknown };
    return typeof value.message === "string" ? value.message.trim() : text.trim();
  } catch {
    return text.trim();
  }
}

const REMEDIES: Record<string, string> = {
  ENOENT:
    "install Docker (`sudo apt-get install docker.io docker-compose`) and start it, or choose --runtime local",
  ECONNREFUSED: "start it: `sudo systemctl start docker`",
  EACCES:
    'become a member of its group with `sudo usermod -aG docker "$USER"` and log in again, or work as root',
};

function unreachable(doing: string, socket: string, cause: Error): VedetteError {
  const code = errorCode(cause) ?? "";
  const why =
    code === "EACCES"
      ? `you may not use Docker's socket ${socket}`
      : code === "ENOENT" || code === "ECONNREFUSED"
        ? `no Docker engine answers at ${socket}`
        : `Docker at ${socket}`;
  const next = REMEDIES[code];
  return new VedetteError(`${doing}: ${why}`, { cause, ...(next !== undefined && { next }) });
}

function isOlder(version: string, than: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const [otherMajor = 0, otherMinor = 0] = than.split(".").map(Number);
  return major < otherMajor || (major === otherMajor && minor < otherMinor);
}
