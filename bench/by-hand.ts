import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock, until } from "../src/clock.ts";
import { observe } from "../src/cluster/observe.ts";
import type { NodeProcess, Snapshot } from "../src/cluster/snapshot.ts";
import { allNodes, type Topology } from "../src/topology/model.ts";
import type { Scratch } from "./scratch.ts";

/** A configuration file and how it is run. */
export interface Server {
  id: string;
  dir: string;
  conf: string;
  sentinel: boolean;
}

/** Redis processes started from plain configuration files: what one has without Vedette. */
export class ByHand {
  private children = new Map<string, ChildProcess>();

  constructor(
    scratch: Scratch,
    private readonly servers: readonly Server[],
  ) {
    for (const { dir, conf } of servers) {
      mkdirSync(dir, { recursive: true });
      writeFileSync(join(dir, "node.conf"), conf);
    }
    scratch.onEnd(() => this.stop("SIGKILL"));
  }

  start(): void {
    for (const { id, dir, sentinel } of this.servers) {
      const args = [join(dir, "node.conf"), ...(sentinel ? ["--sentinel"] : [])];
      this.children.set(id, spawn("redis-server", args, { cwd: dir, stdio: "ignore" }));
    }
  }

  /** Sentinels first, as anybody would who has seen a failover at shutdown; resolves when all are gone. */
  async stop(signal: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    for (const group of [true, false]) {
      const members = this.servers.filter((server) => server.sentinel === group);
      await Promise.all(members.map((server) => this.end(server.id, signal)));
    }
  }

  /** Looks at the cluster as Vedette does, with the processes that we know of. */
  look(topology: Topology): Promise<Snapshot> {
    const processes = allNodes(topology).map((node): NodeProcess => {
      const pid = this.children.get(node.id)?.pid ?? null;
      const state = pid === null ? "stopped" : "running";
      return { node: node.id, state, pid, startedAt: null, reason: null, wanted: true, gaveUp: false };
    });
    const facts = {
      processes,
      steward: { running: false, pid: null, startedAt: null },
      operation: null,
      pause: null,
    };
    return observe(topology, facts, { password: null, deadlineMs: 1_000, clock: systemClock });
  }

  private async end(id: string, signal: NodeJS.Signals): Promise<void> {
    const child = this.children.get(id);
    this.children.delete(id);
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, "exit");
    child.kill(signal);
    const escalate = setTimeout(() => child.kill("SIGKILL"), 30_000); // allow-sleep: the deadline of a polite stop
    await exited;
    clearTimeout(escalate);
  }
}

/** Waits for a condition of what is seen; returns ms, or null after the deadline. */
export async function timeUntil(
  deadlineMs: number,
  condition: () => Promise<boolean>,
): Promise<number | null> {
  const begun = performance.now();
  const met = await until(condition, { deadlineMs, everyMs: 50 });
  return met === null ? null : performance.now() - begun;
}
