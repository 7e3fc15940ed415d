import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Clock } from "../clock.ts";
import { connect } from "../redis/client.ts";
import type { Program } from "../runtimes/runtime.ts";
import { dial, type RedisNode } from "../topology/model.ts";
import { redisCli } from "./redis-cli.ts";

const RETRY_EVERY_MS = 1_000;
const CONNECT_DEADLINE_MS = 1_000;

export interface RawTarget {
  program: Program;
  node: RedisNode;
  password: string | null;
}

/**
 * MONITOR through redis-cli until `signal` aborts. When the node dies `onLost` is told why, and MONITOR goes on
 * once it is back.
 */
export async function rawMonitor(
  target: RawTarget,
  clock: Clock,
  signal: AbortSignal,
  use: { line: (text: string) => void; lost: (why: string) => void; back: () => void },
): Promise<void> {
  let lost = false;
  while (!signal.aborted) {
    const refusal = await reachable(target);
    if (refusal === null) {
      if (lost) use.back();
      lost = false;
      await monitorOnce(target, signal, use.line);
    }
    if (signal.aborted) return;
    if (!lost) use.lost(refusal ?? "the connection was closed");
    lost = true;
    await clock.sleep(RETRY_EVERY_MS, signal);
  }
}

/** Null when the node takes commands from us, else why not. */
async function reachable({ node, password }: RawTarget): Promise<string | null> {
  try {
    const redis = await connect({ ...dial(node), password, deadlineMs: CONNECT_DEADLINE_MS });
    try {
      await redis.call("PING");
      return null;
    } finally {
      redis.close();
    }
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Resolves when redis-cli has ended: the connection was closed, or we were told to stop. */
async function monitorOnce(
  { program, node, password }: RawTarget,
  signal: AbortSignal,
  line: (text: string) => void,
): Promise<void> {
  const call = redisCli(program, node, password, ["MONITOR"]);
  const child = spawn(call.program, call.args, { stdio: ["ignore", "pipe", "inherit"], env: call.env });
  const stop = () => void child.kill("SIGTERM");
  signal.addEventListener("abort", stop, { once: true });
  const ended = new Promise<void>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", () => resolve());
  });
  createInterface({ input: child.stdout }).on("line", (text) => {
    if (text !== "OK" && text !== "") line(text);
  });
  try {
    await ended;
  } finally {
    signal.removeEventListener("abort", stop);
  }
}
