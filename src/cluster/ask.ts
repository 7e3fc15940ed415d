import type { Clock } from "../clock.ts";
import { explain } from "../errors.ts";
import { connect, type RedisArgument } from "../redis/client.ts";
import { RedisError } from "../redis/redis-error.ts";
import type { ClusterNode } from "../topology/model.ts";

export interface ObserveOptions {
  /** The password of every node and Sentinel, null when the cluster has none. */
  password: string | null;
  /** For each node, connecting included: ms. All are asked at once, so it bounds the whole look. */
  deadlineMs: number;
  clock: Clock;
}

/** A command with its arguments. */
export type Question = [string, ...RedisArgument[]];

/** What one node gave us: the replies of one round trip, or why there are none. */
export type Heard = { replies: unknown[] } | { error: RedisError };

/** Asks one node everything at once, within the deadline, and hangs up. */
export async function ask(
  node: ClusterNode,
  questions: Question[],
  { password, deadlineMs, clock }: ObserveOptions,
): Promise<Heard> {
  const end = clock.monotonic() + deadlineMs;
  try {
    const connection = await connect({ host: node.host, port: node.port, password, deadlineMs });
    try {
      const replies = await connection.callAll(questions, Math.max(1, Math.round(end - clock.monotonic())));
      const [info] = replies;
      return info instanceof RedisError ? { error: info } : { replies };
    } finally {
      connection.close();
    }
  } catch (error) {
    if (error instanceof RedisError) return { error };
    return { error: new RedisError("other", `asking ${node.id}`, explain(error), error) };
  }
}
