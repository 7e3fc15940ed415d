import { beforeEach, describe, expect, it } from "vitest";
import { cluster } from "../../test/kit/cluster.ts";
import type { Clock } from "../clock.ts";
import type { NodeProcess, Snapshot } from "../cluster/snapshot.ts";
import type { Context } from "../operations/context.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { Supervisor } from "./supervisor.ts";

let now: number;
let table: Map<string, NodeProcess>;
let events: string[];
let supervisor: Supervisor;
let operation: string | null;
let leased: number;
/** What happens when a node is started; the table then holds the result. */
let onStart: (node: string) => void;

const { topology } = cluster().master("redis-master").replica("redis-slave-1").sentinels(1);

beforeEach(() => {
  now = 100_000;
  events = [];
  operation = null;
  leased = 0;
  table = new Map(topology.redis.nodes.map(({ id }, at) => [id, process(id, 10 + at)]));
  onStart = (node) => table.set(node, process(node, now));
  const clock: Clock = { now: () => now, monotonic: () => now, sleep: async () => {} };
  const runtime: Partial<Runtime> = {
    inspect: async () => [...table.values()],
    operation: async () => (operation === null ? null : { name: operation, pid: 1, since: 1, token: 1 }),
    lease: async (name) => {
      if (operation !== null) throw new Error(`${operation} is at work`);
      leased += 1;
      return { token: 1, name, release: async () => void (leased -= 1) };
    },
    start: async (node) => {
      events.push(`start ${node}`);
      onStart(node);
      return { pid: 1, already: false };
    },
  };
  const ctx: Context = { topology, runtime: runtime as Runtime, password: null, clock, report: () => {} };
  supervisor = new Supervisor(
    ctx,
    {
      down: (node, cause) => events.push(`down ${node}: ${cause}`),
      up: (node, pid) => events.push(`up ${node} ${pid}`),
      gaveUp: (node, why) => {
        events.push(`gave up ${node}: ${why}`);
        table.set(node, process(node, null, { gaveUp: true })); // the steward writes it down
      },
      failed: (node, why) => events.push(`failed ${node}: ${why}`),
    },
    (node) => (node === "redis-master" ? "ended by SIGKILL" : null),
  );
});

function process(node: string, pid: number | null, more: Partial<NodeProcess> = {}): NodeProcess {
  const state = pid === null ? "stopped" : "running";
  return { node, state, pid, startedAt: null, reason: null, wanted: true, gaveUp: false, ...more };
}

function end(node: string, more: Partial<NodeProcess> = {}): void {
  table.set(node, process(node, null, more));
}

async function pass(
  options: { act?: boolean; snapshot?: Snapshot | null; after?: number } = {},
): Promise<string[]> {
  now += options.after ?? 200;
  events = [];
  await supervisor.pass([...table.values()], options.snapshot ?? null, options.act ?? true);
  return events;
}

describe("the supervisor", () => {
  it("says nothing of what it finds running", async () => {
    expect(await pass()).toEqual([]);
    expect(await pass()).toEqual([]);
  });

  it("brings back at once what ended, and says how it ended", async () => {
    await pass();
    end("redis-slave-1");
    expect(await pass()).toEqual(["down redis-slave-1: its process is gone", "start redis-slave-1"]);
    expect(await pass()).toEqual([`up redis-slave-1 ${now - 200}`]);
    end("redis-master");
    expect(await pass()).toContain("down redis-master: ended by SIGKILL");
    expect(leased).toBe(0);
  });

  it("starts what was down before it came, without a word of an end it has not seen", async () => {
    end("redis-slave-1");
    expect(await pass()).toEqual(["start redis-slave-1"]);
  });

  it("leaves alone what shall be down", async () => {
    await pass();
    end("redis-slave-1", { wanted: false });
    expect(await pass()).toEqual(["down redis-slave-1: stopped on request"]);
    expect(await pass()).toEqual([]);
  });

  it("only looks when it may not act, and acts on what it saw later", async () => {
    await pass();
    end("redis-slave-1");
    expect(await pass({ act: false })).toEqual(["down redis-slave-1: its process is gone"]);
    expect(await pass()).toEqual(["start redis-slave-1"]);
  });

  it("lets the Sentinels decide first about a master that ended while it was held", async () => {
    const snapshot = cluster().master("redis-master").replica("redis-slave-1").sentinels(1).snapshot;
    const { downAfterMs, failoverTimeoutMs } = topology.sentinel;
    await pass({ snapshot });
    end("redis-master");
    for (let i = 0; i < 20; i++) {
      now += downAfterMs + failoverTimeoutMs;
      expect(await pass({ snapshot, act: false })).not.toContain("start redis-master");
    }
    now += downAfterMs;
    expect(await pass({ snapshot })).toEqual([]);
    now += downAfterMs + 2 * failoverTimeoutMs;
    expect(await pass({ snapshot })).toContain("start redis-master");
  });

  it("does nothing while an operation is at work, and counts no attempt", async () => {
    await pass();
    end("redis-slave-1");
    operation = "down";
    for (let i = 0; i < 10; i++)
      expect((await pass()).filter((each) => !each.startsWith("down"))).toEqual([]);
    operation = null;
    expect(await pass()).toEqual(["start redis-slave-1"]);
  });

  it("does not start what was stopped on request while it waited for the lease", async () => {
    await pass();
    const seen = process("redis-slave-1", null);
    end("redis-slave-1", { wanted: false });
    events = [];
    await supervisor.pass([seen], null, true);
    expect(events).not.toContain("start redis-slave-1");
    expect(leased).toBe(0);
  });

  it("leaves the named master to the Sentinels while a replica could be promoted", async () => {
    const { snapshot } = cluster().down("redis-master").replica("redis-slave-1").sentinels(1);
    const named = { ...snapshot, master: { host: "127.0.0.1", port: 6379, node: "redis-master" } };
    await pass({ snapshot: named });
    end("redis-master");
    expect(await pass({ snapshot: named })).toEqual(["down redis-master: ended by SIGKILL"]);
    expect(await pass({ snapshot: named, after: 24_000 })).toEqual([]);
    expect(await pass({ snapshot: named, after: 2_000 })).toEqual(["start redis-master"]); // 5 s + 2 x 10 s are over
  });

  it("brings the master back at once when nobody could be promoted", async () => {
    const { snapshot } = cluster()
      .down("redis-master")
      .replica("redis-slave-1", { priority: 0 })
      .sentinels(1);
    const named = { ...snapshot, master: { host: "127.0.0.1", port: 6379, node: "redis-master" } };
    await pass({ snapshot: named });
    end("redis-master");
    expect(await pass({ snapshot: named })).toContain("start redis-master");
  });

  it("gives up, once, what keeps ending; and begins anew when somebody else brings it back", async () => {
    await pass();
    onStart = () => {}; // it ends before anybody sees it
    end("redis-slave-1");
    const all: string[] = [];
    for (let i = 0; i < 100; i++) all.push(...(await pass({ after: 400 })));
    expect(all.filter((each) => each.startsWith("start"))).toHaveLength(5);
    expect(all.filter((each) => each.startsWith("gave up"))).toEqual([
      "gave up redis-slave-1: it ended 6 times within 60 s",
    ]);
    table.set("redis-slave-1", process("redis-slave-1", 77));
    expect(await pass()).toEqual(["up redis-slave-1 77"]);
    end("redis-slave-1");
    expect(await pass()).toContain("start redis-slave-1");
  });

  it("begins anew when somebody starts what was given up, even if it has ended again before the next pass", async () => {
    end("redis-slave-1", { gaveUp: true });
    expect(await pass()).toEqual([]);
    end("redis-slave-1"); // `vedette start` forgets the note; the server ended within the pass
    expect(await pass()).toContain("start redis-slave-1");
  });

  it("remembers from the steward before it what was given up", async () => {
    end("redis-slave-1", { gaveUp: true });
    expect(await pass({ after: 60_000 })).toEqual([]);
  });

  it("tells of a start that failed and tries again later", async () => {
    await pass();
    onStart = () => {
      throw new Error("no disk");
    };
    end("redis-slave-1");
    expect(await pass()).toContain("failed redis-slave-1: no disk");
    expect(leased).toBe(0);
    expect(await pass()).toEqual([]); // the pause has begun
    expect(await pass({ after: 600 })).toEqual(["start redis-slave-1", "failed redis-slave-1: no disk"]);
  });
});
