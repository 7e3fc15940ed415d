import { systemClock, type Clock } from "../clock.ts";
import { observe } from "../cluster/observe.ts";
import { pauseInForce } from "../cluster/pause.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { VedetteError } from "../errors.ts";
import { connect, type RedisConnection } from "../redis/client.ts";
import type { ConnectionPool } from "../redis/pool.ts";
import type { Runtime } from "../runtimes/runtime.ts";
import { dial, findNode, type ClusterNode, type NodeId, type Topology } from "../topology/model.ts";

/** What every operation works with. */
export interface Context {
  topology: Topology;
  runtime: Runtime;
  password: string | null;
  clock: Clock;
  /** Where progress goes: one sentence a call. */
  report: (line: string) => void;
  /** For those who look again and again. */
  pool?: ConnectionPool;
}

/** How long one question to one node may take before the node counts as not answering: ms. */
export const ASK_DEADLINE_MS = 1_000;

export function context(
  topology: Topology,
  runtime: Runtime,
  password: string | null,
  report: (line: string) => void = () => {},
): Context {
  return { topology, runtime, password, clock: systemClock, report };
}

/** Looks at the whole cluster once. Never throws for what is dead. */
export async function look(ctx: Context): Promise<Snapshot> {
  const { password, clock, pool } = ctx;
  const [processes, steward, operation, pause] = await Promise.all([
    ctx.runtime.inspect(),
    ctx.runtime.steward(),
    ctx.runtime.operation(),
    ctx.runtime.pause(),
  ]);
  const facts = { processes, steward, operation, pause: pauseInForce(pause, clock.now()) };
  return observe(ctx.topology, facts, {
    password,
    clock,
    deadlineMs: ASK_DEADLINE_MS,
    ...(pool && { pool }),
  });
}

/** Opens a connection to a node, hands it to `use`, and closes it whatever happens. */
export async function withNode<T>(
  ctx: Context,
  node: ClusterNode,
  use: (redis: RedisConnection) => Promise<T>,
  deadlineMs: number = ASK_DEADLINE_MS,
): Promise<T> {
  const redis = await connect({ ...dial(node), password: ctx.password, deadlineMs });
  try {
    return await use(redis);
  } finally {
    redis.close();
  }
}

/** The node of that name, or a refusal that lists the names there are. */
export function requireNode(topology: Topology, id: NodeId): ClusterNode {
  const node = findNode(topology, id);
  if (node !== null) return node;
  const names = [...topology.redis.nodes, ...topology.sentinel.nodes].map((each) => each.id).join(", ");
  throw new VedetteError(`looking for node ${id}: cluster ${topology.name} has none of that name`, {
    next: `its nodes are ${names}`,
  });
}

/** The node that a majority of the Sentinels names, or a refusal. */
export async function requireMaster(ctx: Context, doing: string): Promise<ClusterNode> {
  const snapshot = await look(ctx);
  const id = snapshot.master?.node ?? null;
  if (id !== null) return requireNode(ctx.topology, id);
  const why =
    snapshot.master === null
      ? "no majority of the Sentinels names one"
      : `the Sentinels name ${snapshot.master.host}:${snapshot.master.port}, which is no node of this topology`;
  throw new VedetteError(`${doing}: cluster ${ctx.topology.name} has no master: ${why}`, {
    next: "type `vedette status` to see why",
  });
}

/** Runs `work` while holding the cluster's operation lease. */
export async function underLease<T>(
  ctx: Context,
  name: string,
  work: (token: number) => Promise<T>,
): Promise<T> {
  const lease = await ctx.runtime.lease(name);
  try {
    return await work(lease.token);
  } finally {
    await lease.release();
  }
}
