import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import { confirmedWrites, replicasToConfirm } from "./confirmed.ts";

type Result = [Error | null, unknown];

/** Stands for an ioredis client: replies what it is told, and may lose its connection first. */
class Client extends EventEmitter {
  readonly sent: unknown[][] = [];
  constructor(
    private readonly results: Result[] | Error | null,
    private readonly closes = false,
  ) {
    super();
  }

  pipeline() {
    const commands: unknown[][] = [];
    return {
      call: (...args: unknown[]) => commands.push(args),
      exec: async () => {
        this.sent.push(...commands);
        if (this.closes) this.emit("close");
        if (this.results instanceof Error) throw this.results;
        // The last of the results is that of WAIT, which has a pipeline of its own.
        const isWait = commands[0]?.[0] === "WAIT";
        return isWait ? (this.results?.slice(-1) ?? null) : (this.results?.slice(0, -1) ?? null);
      },
      get length() {
        return commands.length;
      },
    };
  }
}

const OK: Result = [null, "OK"];
const readonly = new Error("READONLY You can't write against a read only replica.");

function confirm(results: Result[] | Error | null, closes = false) {
  return confirmedWrites(new Client(results, closes), { replicas: 3 })((commands) =>
    commands.call("SET", "k", 1),
  );
}

describe("a confirmed write", () => {
  it.each([
    [1, 1],
    [2, 2],
    [3, 2],
    [4, 3],
    [5, 3],
  ])("with %i replicas is on %i of them", (replicas, needed) => {
    expect(replicasToConfirm(replicas)).toBe(needed);
  });

  it("asks for its replicas behind its commands", async () => {
    const client = new Client([OK, [null, 2]]);
    const done = await confirmedWrites(client, { replicas: 3, timeoutMs: 50 })((commands) =>
      commands.call("SET", "k", 1),
    );
    expect(client.sent).toEqual([
      ["SET", "k", 1],
      ["WAIT", 2, 50],
    ]);
    expect(done).toEqual({ outcome: "ok", replies: ["OK"], acknowledged: 2 });
  });

  it.each<[string, Result[] | Error | null, string, number]>([
    ["too few replicas", [OK, [null, 1]], "1 of 2 replicas have it", 1],
    [
      "an error reply",
      [
        [readonly, undefined],
        [null, 3],
      ],
      readonly.message,
      3,
    ],
    [
      "an error inside of a transaction",
      [
        [null, [readonly]],
        [null, 3],
      ],
      readonly.message,
      3,
    ],
    ["WAIT refused", [OK, [readonly, undefined]], readonly.message, 0],
    ["WAIT queued in a transaction", [OK, [null, "QUEUED"]], "a reply is missing", 0],
    ["a reply too few", [[null, 3]], "a reply is missing", 0],
    ["no replies", null, "a reply is missing", 0],
    ["a lost connection", new Error("Connection is closed."), "Connection is closed.", 0],
  ])("is unknown after %s", async (_, results, why, acknowledged) => {
    expect(await confirm(results)).toMatchObject({ outcome: "unknown", why, acknowledged });
  });

  it("is unknown after a reconnect, whatever the replies say", async () => {
    expect(await confirm([OK, [null, 3]], true)).toEqual({
      outcome: "unknown",
      why: "the connection ended meanwhile",
      acknowledged: 0,
      cause: null,
    });
  });

  it("shares the next WAIT with all that came while one was under way", async () => {
    const client = new Client([OK, [null, 2]]);
    const write = confirmedWrites(client, { replicas: 3 });
    const set = (key: string) => write((commands) => commands.call("SET", key, 1));
    const first = set("a");
    const second = set("b");
    await Promise.resolve();
    await Promise.resolve();
    const third = set("c");
    const fourth = set("d");
    const all = await Promise.all([first, second, third, fourth]);
    expect(all.every(({ outcome }) => outcome === "ok")).toBe(true);
    expect(client.sent.map(([command, key]) => (command === "WAIT" ? "WAIT" : key))).toEqual([
      "a",
      "b",
      "WAIT",
      "c",
      "d",
      "WAIT",
    ]);
  });

  it("sends nothing of a function that throws", async () => {
    const client = new Client([OK, [null, 2]]);
    const write = confirmedWrites(client, { replicas: 3 });
    const broken = write((commands) => {
      commands.call("SET", "k", 1);
      throw new Error("on second thoughts");
    });
    await expect(broken).rejects.toThrow("on second thoughts");
    expect(client.sent).toEqual([]);
  });

  it("refuses a Cluster client", () => {
    const cluster = Object.assign(new Client([]), { isCluster: true });
    expect(() => confirmedWrites(cluster, { replicas: 3 })).toThrow("many connections");
  });

  it("refuses a function that writes later or not at all", async () => {
    const write = confirmedWrites(new Client([]), { replicas: 3 });
    await expect(write(() => {})).rejects.toThrow("queued no command");
    await expect(write(async (commands) => commands.call("SET", "k", 1))).rejects.toThrow(
      "return no promise",
    );
  });

  it("listens to its client once, however many writes are under way", async () => {
    const client = new Client([OK, [null, 2]]);
    const write = confirmedWrites(client, { replicas: 3 });
    const all = Array.from({ length: 20 }, () => write((commands) => commands.call("SET", "k", 1)));
    expect(client.listenerCount("close")).toBe(1);
    expect((await Promise.all(all)).every(({ outcome }) => outcome === "ok")).toBe(true);
  });

  it.each([0, -1, 1.5, NaN])("refuses %d replicas", (replicas) => {
    expect(() => confirmedWrites(new Client([]), { replicas })).toThrow("no other node could hold a copy");
  });

  it("refuses to wait for ever", () => {
    expect(() => confirmedWrites(new Client([]), { replicas: 3, timeoutMs: 0 })).toThrow("timeoutMs is 0");
  });
});
