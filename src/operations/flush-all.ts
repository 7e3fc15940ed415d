import { until } from "../clock.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { VedetteError } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { assertCan, besideUs, namedMaster } from "./allowed.ts";
import { look, underLease, type Context } from "./context.ts";
import { keysOnMaster, planFlush } from "./flush.ts";
import { appendHistory, historyFile } from "./history.ts";
import { run } from "./runner.ts";

export interface FlushSight {
  master: NodeId;
  /** Keys per database. */
  keys: Record<string, number>;
}

export interface Flush {
  cluster: string;
  master: NodeId;
  /** Keys per database that were there right before. Empty: nothing was done. */
  deleted: Record<string, number>;
  /** The linked replicas; `empty` once they have followed. */
  replicas: { node: NodeId; empty: boolean }[];
  ms: number;
}

/** A FLUSHALL reaches replicas as one command; a replica that is slow to free memory may still take a while: ms. */
const FOLLOW_DEADLINE_MS = 30_000;

/** What would be deleted. Throws when flushing is not allowed now. */
export async function beforeFlush(ctx: Context): Promise<FlushSight> {
  const snapshot = await look(ctx);
  return sight(ctx, snapshot);
}

/** Deletes all keys through the master, if it is still the one the user was shown, and waits for the replicas. */
export async function flushAll(ctx: Context, expected: NodeId): Promise<Flush> {
  return underLease(ctx, "flush-all", async (token) => {
    const begun = ctx.clock.monotonic();
    const before = besideUs(await look(ctx));
    const { master, keys } = sight(ctx, before);
    if (master !== expected) {
      throw new VedetteError(
        `flushing ${ctx.topology.name}: the master was ${expected} and is now ${master}; nothing was deleted`,
      );
    }
    await run(ctx, "flush-all", token, planFlush(master, keys));
    const replicas = await followed(ctx, before);
    const ms = Math.round(ctx.clock.monotonic() - begun);
    const total = Object.values(keys).reduce((sum, count) => sum + count, 0);
    appendHistory(historyFile(ctx.topology), {
      time: ctx.clock.now(),
      kind: "flush",
      node: master,
      epoch: before.epoch,
      cause: `all ${total} keys deleted`,
      durationsMs: { total: ms },
      by: "vedette flush-all",
    });
    return { cluster: ctx.topology.name, master, deleted: keys, replicas, ms };
  });
}

function sight(ctx: Context, snapshot: Snapshot): FlushSight {
  const doing = `flushing ${ctx.topology.name}`;
  assertCan(ctx, snapshot, { operation: "flushAll" }, doing);
  return { master: namedMaster(ctx, snapshot, doing).id, keys: keysOnMaster(snapshot) };
}

/**
 * Waits until the replicas that were linked have followed: they hold no keys, or, since clients may go on writing,
 * are past the master's offset of right after the deletion.
 */
async function followed(ctx: Context, before: Snapshot): Promise<Flush["replicas"]> {
  const linked = before.nodes
    .filter((node) => node.role === "replica" && node.link === "up")
    .map((node) => node.node);
  const after = await look(ctx);
  const mark = after.nodes.find((node) => node.node === after.master?.node)?.offset ?? Infinity;
  const done = new Set<NodeId>();
  const note = (snapshot: Snapshot) => {
    for (const { node, state, keys, offset } of snapshot.nodes) {
      if (state !== "up") continue;
      if (Object.keys(keys ?? { unknown: 0 }).length === 0 || (offset ?? -1) >= mark) done.add(node);
    }
  };
  note(after);
  const all = async () => {
    if (linked.every((node) => done.has(node))) return true;
    note(await look(ctx));
    return linked.every((node) => done.has(node));
  };
  await until(all, { deadlineMs: FOLLOW_DEADLINE_MS, everyMs: 50, clock: ctx.clock });
  return linked.map((node) => ({ node, empty: done.has(node) }));
}
