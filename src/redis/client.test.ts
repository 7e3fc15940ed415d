import { createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { connect } from "./client.ts";
import { RedisError } from "./redis-error.ts";

/** A server that answers each command (its arguments, as received) with raw protocol, or not at all. */
type Answer = (args: string[], socket: Socket) => string | null;

const servers: Server[] = [];
const sockets = new Set<Socket>();

async function serve(answer: Answer): Promise<number> {
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => socket.destroy());
    socket.on("data", (data) => {
      for (const command of commandsOf(data.toString())) {
        const reply = answer(command, socket);
        if (reply !== null && socket.writable) socket.write(reply);
      }
    });
  });
  servers.push(server);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return (server.address() as AddressInfo).port;
}

function commandsOf(text: string): string[][] {
  return text
    .split(/(?:^|\r\n)\*\d+\r\n/)
    .filter((part) => part !== "")
    .map((part) => part.split("\r\n").filter((line) => line !== "" && !line.startsWith("$")));
}

afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  await Promise.all(servers.splice(0).map((server) => new Promise((resolve) => server.close(resolve))));
});

const host = "127.0.0.1";

async function failure(promise: Promise<unknown>): Promise<RedisError> {
  const error: unknown = await promise.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(error instanceof RedisError)) throw new Error(`no RedisError but ${String(error)}`);
  return error;
}

describe("connect", () => {
  it("names a refused connection", async () => {
    const port = await serve(() => null);
    await new Promise((resolve) => servers.pop()?.close(resolve));
    const error = await failure(connect({ host, port, deadlineMs: 1000 }));
    expect(error.kind).toBe("refused");
    expect(error.message).toBe(`connecting to 127.0.0.1:${port}: connection refused`);
  });

  it("sends AUTH first and nothing else of its own", async () => {
    const seen: string[][] = [];
    const port = await serve((args) => {
      seen.push(args);
      return "+OK\r\n";
    });
    const connection = await connect({ host, port, password: "s3cret", deadlineMs: 1000 });
    await connection.call("PING");
    connection.close();
    expect(seen).toEqual([["AUTH", "s3cret"], ["PING"]]);
  });

  it("rejects a wrong password without telling it", async () => {
    const port = await serve(() => "-WRONGPASS invalid username-password pair or user is disabled.\r\n");
    const error = await failure(connect({ host, port, password: "s3cret", deadlineMs: 1000 }));
    expect(error).toMatchObject({ kind: "auth", reply: "WRONGPASS" });
    expect(error.message).toContain(`AUTH 127.0.0.1:${port}: WRONGPASS`);
    expect(error.message).not.toContain("s3cret");
  });

  it("lets a server without a password be", async () => {
    const port = await serve(([command]) =>
      command === "AUTH"
        ? "-ERR AUTH <password> called without any password configured for the default user. Are you sure?\r\n"
        : "+PONG\r\n",
    );
    const connection = await connect({ host, port, password: "s3cret", deadlineMs: 1000 });
    expect(await connection.call("PING")).toBe("PONG");
    connection.close();
  });
});

describe("a connection", () => {
  it("gives up at the deadline and names command, address and time", async () => {
    const port = await serve(() => null);
    const connection = await connect({ host, port, deadlineMs: 60 });
    const started = performance.now();
    const error = await failure(connection.call("SENTINEL", "CKQUORUM", "mymaster"));
    expect(error.kind).toBe("timeout");
    expect(error.message).toBe(`SENTINEL CKQUORUM 127.0.0.1:${port}: timed out after 60 ms`);
    expect(performance.now() - started).toBeLessThan(1000);
    connection.close();
  });

  it("lets one call have its own deadline", async () => {
    let answer = () => {};
    const port = await serve(([command], socket) => {
      if (command === "WAIT") answer = () => socket.write(":2\r\n");
      return null;
    });
    const connection = await connect({ host, port, deadlineMs: 40 });
    const slow = connection.callWithin(5000, "WAIT", 2, 4000);
    expect((await failure(connection.call("GET", "a"))).kind).toBe("timeout");
    answer();
    expect(await slow).toBe(2);
    connection.close();
  });

  it("returns error replies of a batch as values in their place", async () => {
    const port = await serve(([command]) =>
      command === "GET" ? "$1\r\nv\r\n" : "-NOGOODSLAVE No suitable replica\r\n",
    );
    const connection = await connect({ host, port, deadlineMs: 1000 });
    const [value, refusal, again] = await connection.callAll([
      ["GET", "a"],
      ["SENTINEL", "FAILOVER", "m"],
      ["GET", "b"],
    ]);
    expect([value, again]).toEqual(["v", "v"]);
    expect(refusal).toMatchObject({ kind: "reply", reply: "NOGOODSLAVE" });
    connection.close();
  });

  it("tells LOADING from other error replies", async () => {
    const port = await serve(() => "-LOADING Redis is loading the dataset in memory\r\n");
    const connection = await connect({ host, port, deadlineMs: 1000 });
    expect((await failure(connection.call("GET", "a"))).kind).toBe("loading");
    connection.close();
  });

  it("fails what is under way when the server goes, says so once, and never connects again", async () => {
    const connections = new Set<Socket>();
    const port = await serve((_, socket) => {
      connections.add(socket);
      socket.destroy();
      return null;
    });
    const connection = await connect({ host, port, deadlineMs: 1000 });
    const closed = new Promise<void>((resolve) => {
      connection.onClose(resolve);
    });
    const errors = await Promise.all([
      failure(connection.call("GET", "a")),
      failure(
        connection.callAll([
          ["GET", "a"],
          ["GET", "b"],
        ]),
      ),
    ]);
    expect(errors.map((error) => error.kind)).toEqual(["closed", "closed"]);
    await closed;
    expect((await failure(connection.call("GET", "a"))).kind).toBe("closed");
    expect((await failure(connection.callAll([["GET", "a"]]))).kind).toBe("closed");
    expect(connections.size).toBe(1);
  });

  it("delivers what it subscribed to", async () => {
    const port = await serve(([command, pattern = ""], socket) => {
      if (command?.toUpperCase() !== "PSUBSCRIBE") return null;
      socket.write(`*3\r\n$10\r\npsubscribe\r\n$${pattern.length}\r\n${pattern}\r\n:1\r\n`);
      return `*4\r\n$8\r\npmessage\r\n$1\r\n*\r\n$6\r\n+sdown\r\n$2\r\nhi\r\n`;
    });
    const connection = await connect({ host, port, deadlineMs: 1000 });
    const message = new Promise((resolve) => {
      void connection.psubscribe("*", (text, channel) => {
        resolve([channel, text]);
      });
    });
    expect(await message).toEqual(["+sdown", "hi"]);
    connection.close();
  });
});
