import { until } from "../clock.ts";
import type { Snapshot } from "../cluster/snapshot.ts";
import { explain, VedetteError } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { look, requireNode, underLease, withNode, type Context } from "./context.ts";
import { judgeSwitchover } from "./judge-switchover.ts";
import { setPeriods } from "./sentinel-periods.ts";
import { readSwitchover, writeSwitchover, type Changed, type SwitchoverRecord } from "./switchover-record.ts";

/** How a switchover ended. */
export type Conclusion = "undone" | "finished";

/** Waits until the Sentinels have come to an end with it, then puts everything back. Throws at the deadline. */
export async function concludeSwitchover(ctx: Context): Promise<Conclusion | null> {
  const { failoverTimeoutMs, downAfterMs, periods } = ctx.topology.sentinel;
  const deadlineMs = 2 * failoverTimeoutMs + downAfterMs + 8 * periods.publish;
  let why = "nothing";
  const concluded = await until(
    async () => {
      const record = readSwitchover(ctx.topology);
      if (record?.state !== "running") return { as: null };
      const snapshot = await look(ctx);
      const verdict = judgeSwitchover(record, snapshot);
      why = verdict.do === "wait" ? verdict.why : `${record.from} does not answer`;
      try {
        const as = await concludeNow(ctx, record, snapshot);
        return as === null ? null : { as };
      } catch (error) {
        why = explain(error);
        return null;
      }
    },
    { deadlineMs, everyMs: 50, clock: ctx.clock },
  );
  if (concluded !== null) return concluded.as;
  throw new VedetteError(
    `ending the switchover of ${ctx.topology.name}: after ${deadlineMs / 1000} s ${why}`,
    {
      next: "vedette status; the steward, `vedette up` and the next switchover try again",
    },
  );
}

/**
 * Ends a switchover whose process has died, if the time has come. Returns what was done, as a sentence, or null. Takes
 * the lease for it, and looks again under it: the command may be there after all.
 */
export async function concludeAbandoned(ctx: Context, snapshot: Snapshot): Promise<string | null> {
  const abandoned = readSwitchover(ctx.topology);
  if (abandoned?.state !== "running" || judgeSwitchover(abandoned, snapshot).do === "wait") return null;
  return underLease(ctx, "end a switchover", async () => {
    const record = readSwitchover(ctx.topology);
    if (record?.state !== "running" || record.startedAt !== abandoned.startedAt) return null;
    const as = await concludeNow(ctx, record, await look(ctx));
    return as && `the switchover from ${record.from} to ${record.to} had been cut short; it is ${as} now`;
  });
}

/** Puts everything back if the time has come: null when it has not. */
export async function concludeNow(
  ctx: Context,
  record: SwitchoverRecord,
  snapshot: Snapshot,
): Promise<Conclusion | null> {
  const verdict = judgeSwitchover(record, snapshot);
  if (verdict.do === "wait") return null;
  if (verdict.do === "finish" && !(await follow(ctx, record.from, verdict.master, snapshot))) return null;
  await unpause(ctx, record.from, snapshot);
  await restoreSettings(ctx);
  await setPeriods(ctx);
  await ctx.runtime.releaseHold(record.from);
  const state = verdict.do === "undo" ? "undone" : "done";
  writeSwitchover(ctx.topology, { ...record, changed: [], state });
  return verdict.do === "undo" ? "undone" : "finished";
}

/**
 * The old master learns of the move that the Sentinels have decided; by themselves they would tell it 10 s later. False
 * while that is not certain: one that hangs could wake up as a master, and must not find its fence gone then.
 */
async function follow(ctx: Context, from: NodeId, master: NodeId, snapshot: Snapshot): Promise<boolean> {
  const seen = snapshot.nodes.find((each) => each.node === from);
  if (seen?.state === "down" || seen?.state === "waiting") return true; // its start asks the Sentinels
  if (seen?.state !== "up") return false;
  if (seen.role !== "master") return true;
  const { host, port } = requireNode(ctx.topology, master);
  const [followed] = await withNode(ctx, requireNode(ctx.topology, from), (redis) =>
    redis.callAll([
      ["REPLICAOF", host, String(port)],
      ["CLIENT", "KILL", "TYPE", "normal"],
    ]),
  );
  if (followed instanceof Error) throw followed;
  return true;
}

/** A pause ends by itself; there is no need to let clients wait for it. */
async function unpause(ctx: Context, from: NodeId, snapshot: Snapshot): Promise<void> {
  if (snapshot.nodes.find((each) => each.node === from)?.state !== "up") return;
  await withNode(ctx, requireNode(ctx.topology, from), (redis) => redis.call("CLIENT", "UNPAUSE"));
}

/**
 * Gives every node the settings that the switchover has changed back, also on disk. A node without a process needs
 * nothing: its start sets them anew.
 */
export async function restoreSettings(ctx: Context): Promise<void> {
  const record = readSwitchover(ctx.topology);
  if (record === null || record.changed.length === 0) return;
  const processes = await ctx.runtime.inspect();
  const failures: { id: NodeId; error: unknown }[] = [];
  for (const id of new Set(record.changed.map(({ node }) => node))) {
    const own = record.changed.filter(({ node }) => node === id);
    if (!processes.some((each) => each.node === id && each.state === "running")) continue;
    await restoreNode(ctx, id, own).catch((error: unknown) => failures.push({ id, error }));
  }
  // One that does not answer must not keep the others from their settings.
  const left = record.changed.filter(({ node }) => failures.some(({ id }) => id === node));
  writeSwitchover(ctx.topology, { ...record, changed: left });
  if (failures[0] !== undefined) throw failures[0].error;
}

async function restoreNode(ctx: Context, id: NodeId, changed: readonly Changed[]): Promise<void> {
  try {
    await withNode(ctx, requireNode(ctx.topology, id), async (redis) => {
      for (const { name, previous } of changed) await redis.call("CONFIG", "SET", name, previous);
      await redis.call("CONFIG", "REWRITE");
    });
  } catch (error) {
    const names = changed.map(({ name, previous }) => `${name} ${previous}`).join(", ");
    throw new VedetteError(`restoring ${names} on ${id}: ${explain(error)}`, {
      cause: error,
      next: "the steward, `vedette up` and the next switchover try again",
    });
  }
}
