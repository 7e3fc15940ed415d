import { VedetteError } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { concludeSwitchover } from "./conclude-switchover.ts";
import { look, requireNode, underLease, type Context } from "./context.ts";
import { planUp } from "./plan-up.ts";
import { run } from "./runner.ts";
import type { Step } from "./steps.ts";

export interface UpOptions {
  force: NodeId | null;
  steward: boolean;
}

/** What `up` would do now. Throws when something stands in the way; nothing was touched then. */
export async function stepsUp(ctx: Context, options: UpOptions): Promise<Step[]> {
  const { topology, runtime } = ctx;
  if (options.force !== null) await refuseNeedlessForce(ctx, options.force);
  const [processes, records, strangers] = await Promise.all([
    runtime.inspect(),
    runtime.records(),
    runtime.strangers(),
  ]);
  const changed: NodeId[] = [];
  for (const { node } of processes) if ((await runtime.pending(node)).length > 0) changed.push(node);
  const steps = planUp(topology, { processes, records, changed, strangers, ...options });
  const stopped = new Set(processes.filter((each) => each.state === "stopped").map((each) => each.node));
  await refuseTakenPorts(ctx, [...stopped]);
  return steps;
}

/** Brings the cluster up, or what is missing of it. */
export async function up(ctx: Context, options: UpOptions): Promise<void> {
  await underLease(ctx, "up", async (token) => {
    await run(ctx, "up", token, await stepsUp(ctx, options));
    await concludeSwitchover(ctx); // one that was cut short, on a cluster that is whole now
  });
}

async function refuseTakenPorts(ctx: Context, nodes: NodeId[]): Promise<void> {
  const obstacles = await ctx.runtime.obstacles(nodes);
  if (obstacles.length === 0) return;
  throw new VedetteError(
    `starting cluster ${ctx.topology.name}: ports are taken\n${obstacles.map((line) => `  ${line}`).join("\n")}`,
    { next: "stop their owners, or give the nodes other ports in the topology file; nothing was started" },
  );
}

/** Forcing is for a cluster without a living master: everything else is a switchover. */
async function refuseNeedlessForce(ctx: Context, force: NodeId): Promise<void> {
  const node = requireNode(ctx.topology, force);
  if (node.kind === "sentinel") throw new VedetteError(`starting with ${force} as master: it is a Sentinel`);
  const snapshot = await look(ctx);
  const master = snapshot.nodes.find((each) => each.node === snapshot.master?.node);
  if (master?.state !== "up" || master.role !== "master" || master.fenced) return;
  throw new VedetteError(
    `starting with ${force} as master: ${master.node} is master and alive; forcing would lose what it has taken since`,
    { next: "leave --force-master out" },
  );
}
