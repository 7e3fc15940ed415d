import { VedetteError } from "../errors.ts";
import { isRefused, firstMaster } from "./first-master.ts";
import { requireNode, underLease, type Context } from "./context.ts";
import { keepsNothing, STOP_DEADLINE_MS } from "./plan-down.ts";
import { run } from "./runner.ts";
import type { Step } from "./steps.ts";
import type { ClusterNode, NodeId } from "../topology/model.ts";

/** Starts one node, which is meant to be up from then on. */
export async function startNode(ctx: Context, id: NodeId, force: boolean): Promise<void> {
  const node = requireNode(ctx.topology, id);
  if (force && node.kind === "sentinel") throw new VedetteError(`starting ${id} as master: it is a Sentinel`);
  await underLease(ctx, `start ${id}`, async (token) => {
    const first = firstMaster(ctx.topology, await ctx.runtime.records(), force ? id : null);
    await run(ctx, `start ${id}`, token, [
      { do: "claim-state" },
      { do: "prepare", node: id, first: isRefused(first) ? null : first },
      { do: "want", nodes: [id], up: true },
      { do: "start", node: id, force },
      ...timing(node),
    ]);
  });
}

/** Stops one node, which nobody brings back until it is started again. */
export async function stopNode(ctx: Context, id: NodeId, force: boolean): Promise<void> {
  await underLease(ctx, `stop ${id}`, async (token) =>
    run(ctx, `stop ${id}`, token, planStop(ctx, id, force)),
  );
}

/** Stops and starts one node under one lease, so that nothing comes between. */
export async function restartNode(ctx: Context, id: NodeId): Promise<void> {
  const node = requireNode(ctx.topology, id);
  await underLease(ctx, `restart ${id}`, async (token) => {
    await run(ctx, `restart ${id}`, token, [
      ...planStop(ctx, id, false),
      { do: "prepare", node: id, first: null },
      { do: "want", nodes: [id], up: true },
      { do: "start", node: id, force: false },
      ...timing(node),
    ]);
  });
}

/** A Sentinel starts with its stock periods. */
function timing({ kind }: ClusterNode): Step[] {
  return kind === "sentinel" ? [{ do: "set-periods" }] : [];
}

function planStop(ctx: Context, id: NodeId, force: boolean): Step[] {
  const node = requireNode(ctx.topology, id);
  const save: Step[] =
    node.kind === "redis" && keepsNothing(node) && !force ? [{ do: "save-before-stop", node: id }] : [];
  return [
    { do: "want", nodes: [id], up: false },
    ...save,
    { do: "stop", node: id, mode: force ? "kill" : "graceful", deadlineMs: STOP_DEADLINE_MS },
  ];
}
