import { createServer, type AddressInfo, type Socket } from "node:net";

type Reply = string | number | null | Reply[];

/** A server that speaks enough of Redis' protocol to play a node or a Sentinel whose answers a test decides. */
export class FakeRedis {
  private readonly sockets = new Set<Socket>();
  private readonly subscribers = new Set<Socket>();
  private readonly server = createServer((socket) => this.serve(socket));

  private constructor(private readonly answer: (command: string, args: string[]) => Reply) {}

  static async start(answer: (command: string, args: string[]) => Reply): Promise<FakeRedis> {
    const fake = new FakeRedis(answer);
    await new Promise<void>((resolve) => fake.server.listen(0, "127.0.0.1", resolve));
    return fake;
  }

  get address(): { host: string; port: number } {
    const { port } = this.server.address() as AddressInfo;
    return { host: "127.0.0.1", port };
  }

  get listeners(): number {
    return this.subscribers.size;
  }

  publish(channel: string, message: string): void {
    for (const socket of this.subscribers) socket.write(encoded(["message", channel, message]));
  }

  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    for (const socket of this.sockets) socket.destroy();
    await closed;
  }

  private serve(socket: Socket): void {
    this.sockets.add(socket);
    let pending = "";
    socket.setEncoding("utf8").on("error", () => {});
    socket.on("close", () => {
      this.sockets.delete(socket);
      this.subscribers.delete(socket);
    });
    socket.on("data", (chunk: string) => {
      pending += chunk;
      for (let command = taken(pending); command !== null; command = taken(pending)) {
        pending = command.rest;
        socket.write(encoded(this.reply(socket, command.args)));
        if (command.args[0]?.toUpperCase() === "QUIT") socket.end();
      }
    });
  }

  private reply(socket: Socket, [name = "", ...args]: string[]): Reply {
    const command = name.toUpperCase();
    if (command === "SUBSCRIBE") {
      this.subscribers.add(socket);
      return ["subscribe", args[0] ?? "", 1];
    }
    return this.answer(command, args);
  }
}

/** The first whole command of a text, and what follows it. */
function taken(text: string): { args: string[]; rest: string } | null {
  const head = /^\*(\d+)\r\n/.exec(text);
  if (head === null) return null;
  const args: string[] = [];
  let at = head[0].length;
  for (let left = Number(head[1]); left > 0; left--) {
    const size = /^\$(\d+)\r\n/.exec(text.slice(at));
    if (size === null) return null;
    const from = at + size[0].length;
    at = from + Number(size[1]) + 2;
    if (text.length < at) return null;
    args.push(text.slice(from, at - 2));
  }
  return { args, rest: text.slice(at) };
}

function encoded(reply: Reply): string {
  if (reply === null) return "$-1\r\n";
  if (typeof reply === "number") return `:${reply}\r\n`;
  if (typeof reply === "string") return `$${Buffer.byteLength(reply)}\r\n${reply}\r\n`;
  return `*${reply.length}\r\n${reply.map(encoded).join("")}`;
}
