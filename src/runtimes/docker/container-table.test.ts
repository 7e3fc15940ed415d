import { PassThrough } from "node:stream";
import type { IncomingMessage } from "node:http";
import { describe, expect, it } from "vitest";
import { ContainerTable } from "./container-table.ts";

/** An engine with these containers, which counts what it is asked for. */
class FakeEngine {
  readonly asked: string[] = [];
  readonly events = new PassThrough();
  private gate: Promise<void> | null = null;

  constructor(readonly pids: Record<string, number>) {}

  /** Answers about single containers only once this resolves. */
  holdBack(until: Promise<void>): void {
    this.gate = until;
  }

  json = async (_: string, path: string): Promise<unknown> => {
    this.asked.push(path);
    if (path === "/containers/json") return Object.keys(this.pids).map((Id) => ({ Id }));
    await this.gate;
    const id = path.split("/")[2] ?? "";
    return inspected(id, this.pids[id] ?? 0);
  };

  stream = async (): Promise<IncomingMessage> => this.events as unknown as IncomingMessage;

  tell(id: string, Action: string, attributes: Record<string, string> = {}): void {
    const Attributes = { "io.vedette.node": `node-${id}`, ...attributes };
    this.events.write(`${JSON.stringify({ Action, Actor: { ID: id, Attributes } })}\n`);
  }
}

function inspected(id: string, Pid: number) {
  return {
    Id: id,
    Name: `/${id}`,
    State: {
      Status: Pid > 0 ? "running" : "exited",
      Pid,
      StartedAt: "2026-11-26T09:02:05Z",
      FinishedAt: "0001-01-01T00:00:00Z",
      ExitCode: 0,
      OOMKilled: false,
    },
    Config: { Image: "x", Labels: { "io.vedette.node": id === "steward" ? "" : `node-${id}` } },
    Mounts: [],
  };
}

const pidsOf = async (table: ContainerTable) => (await table.all()).map(({ pid }) => pid);

describe("the table of containers", () => {
  it("asks for all of them each time, while nobody tells what changes", async () => {
    const engine = new FakeEngine({ a: 1, b: 2, steward: 3 });
    const table = new ContainerTable(engine, "x");
    expect(await pidsOf(table)).toEqual([1, 2]);
    engine.pids["a"] = 9;
    expect(await pidsOf(table)).toEqual([9, 2]);
  });

  /** A table that watches, has seen all containers, and wakes `changed` at each event. */
  async function watching(engine: FakeEngine) {
    const table = new ContainerTable(engine, "x");
    let wake: () => void = () => {};
    const next = () => new Promise<void>((resolve) => (wake = resolve));
    const ended = table.watch(new AbortController().signal, () => wake());
    await Promise.resolve();
    await table.all();
    return { table, next, ended };
  }

  it("asks again only for those of which the engine tells something", async () => {
    const engine = new FakeEngine({ a: 1, b: 2 });
    const { table, next } = await watching(engine);
    const asked = engine.asked.length;
    expect(await pidsOf(table)).toEqual([1, 2]);
    expect(engine.asked).toHaveLength(asked);
    const told = next();
    engine.pids["b"] = 0;
    engine.tell("b", "die", { exitCode: "137" });
    await told;
    expect(await pidsOf(table)).toEqual([1, null]);
    expect(engine.asked.slice(asked)).toEqual(["/containers/b/json"]);
    expect(table.endingOf("node-b")).toBe("ended by SIGKILL");
    expect(table.endingOf("node-a")).toBeNull();
  });

  it("never gives what it knew before to a second caller, while the first still asks", async () => {
    const engine = new FakeEngine({ a: 1 });
    const { table, next } = await watching(engine);
    let release: () => void = () => {};
    engine.holdBack(new Promise((resolve) => (release = resolve)));
    const told = next();
    engine.pids["a"] = 7;
    engine.tell("a", "start");
    await told;
    const [first, second] = [pidsOf(table), pidsOf(table)];
    release();
    expect(await Promise.all([first, second])).toEqual([[7], [7]]);
  });

  it("tells a death for want of memory from any other", async () => {
    const engine = new FakeEngine({ a: 1 });
    const { table, next } = await watching(engine);
    let told = next();
    engine.tell("a", "oom");
    await told;
    told = next();
    engine.tell("a", "die", { exitCode: "137" });
    await told;
    expect(table.endingOf("node-a")).toMatch(/out of memory/);
    told = next();
    engine.tell("a", "die", { exitCode: "1" });
    await told;
    expect(table.endingOf("node-a")).toBe("exit code 1");
  });

  it("asks for all again once the engine has gone", async () => {
    const engine = new FakeEngine({ a: 1 });
    const { table, ended } = await watching(engine);
    engine.events.destroy(new Error("reset"));
    await ended.catch(() => {});
    engine.pids["a"] = 5;
    expect(await pidsOf(table)).toEqual([5]);
  });
});
