import type { Snapshot } from "../cluster/snapshot.ts";
import { explain } from "../errors.ts";
import type { Context } from "../operations/context.ts";
import { timeSentinel } from "../operations/sentinel-periods.ts";
import { timingNow, timingSentence, timingSteps } from "../cluster/sentinel-timing.ts";
import type { NodeId, SentinelNode, Topology } from "../topology/model.ts";

/** The Sentinels that do not run with the topology's periods and down-after. */
export function drifted(topology: Topology, snapshot: Snapshot): SentinelNode[] {
  return topology.sentinel.nodes.filter((node) => {
    const seen = snapshot.sentinels.find((each) => each.node === node.id);
    const wanted = timingNow(topology.sentinel, snapshot.pause, snapshot.observedAt);
    return seen !== undefined && seen.up && timingSteps(wanted, seen).length > 0;
  });
}

/** Sets the Sentinels' timing again where a look shows that it has changed: by a restart, or by hand. */
export class TimingKeeper {
  /** Told once per Sentinel, not at every look. */
  private readonly failing = new Set<NodeId>();

  constructor(private readonly ctx: Context) {}

  async keep(snapshot: Snapshot): Promise<void> {
    await Promise.all(drifted(this.ctx.topology, snapshot).map((node) => this.correct(node)));
  }

  private async correct(node: SentinelNode): Promise<void> {
    try {
      const steps = await timeSentinel(this.ctx, node);
      this.failing.delete(node.id);
      for (const step of steps) this.ctx.report(`${node.id}: ${timingSentence(step)}`);
    } catch (error) {
      if (!this.failing.has(node.id)) this.ctx.report(`${node.id}: could not be timed: ${explain(error)}`);
      this.failing.add(node.id);
    }
  }
}
