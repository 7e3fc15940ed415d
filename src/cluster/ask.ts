import type { Clock } from "../clock.ts";
import { explain } from "../errors.ts";
import { connect, type RedisArgument } from "../redis/client.ts";
import type { ConnectionPool } from "../redis/pool.ts";
import { RedisError } from "../redis/redis-error.ts";
import { dial, type ClusterNode } from "../topology/model.ts";

export interface ObserveOptions {
  /** The password of every node and Sentinel, null when the cluster has none. */
  password: string | null;
  /** For each node, connecting included: ms. All are asked at once, so it bounds the whole look. */
  deadlineMs: number;
  clock: Clock;
  /** Keeps connections open from look to look; without one each look opens and closes its own. */
  pool?: ConnectionPool;
}

/** A command with its arguments. */
export type Question = [string, ...RedisArgument[]];

/** What one node gave us: the replies of one round trip, or why there are none. */
export type Heard = { replies: unknown[] } | { error: RedisError };

/** Asks one node everything at once, within the deadline. */
export async function ask(node: ClusterNode, questions: Question[], options: ObserveOptions): Promise<Heard> {
  const end = options.clock.monotonic() + options.deadlineMs;
  const left = () => Math.max(1, Math.round(end - options.clock.monotonic()));
  try {
    return await askOver(node, questions, options, left);
  } catch (error) {
    if (error instanceof RedisError) return { error };
    return { error: new RedisError("other", `asking ${node.id}`, explain(error), error) };
  }
}

async function askOver(
  node: ClusterNode,
  questions: Question[],
  options: ObserveOptions,
  left: () => number,
): Promise<Heard> {
  const to = { ...dial(node), password: options.password, deadlineMs: left() };
  const { pool } = options;
  const { connection, reused } = pool ? await pool.get(to) : { connection: await connect(to), reused: false };
  try {
    const replies = await connection.callAll(questions, left());
    const [info] = replies;
    if (info instanceof RedisError) pool?.drop(connection);
    return info instanceof RedisError ? { error: info } : { replies };
  } catch (error) {
    pool?.drop(connection);
    // The node has restarted since the last look: the kept connection says nothing of the node that is there now.
    if (reused && error instanceof RedisError && error.kind === "closed")
      return askOver(node, questions, options, left);
    throw error;
  } finally {
    if (!pool) connection.close();
  }
}
