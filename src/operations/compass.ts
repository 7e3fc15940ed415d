import type { Address } from "../cluster/snapshot.ts";
import { parseAddress } from "../redis/sentinel-replies.ts";
import { majority, type NodeId, type SentinelNode, type Topology } from "../topology/model.ts";
import { withNode, type Context } from "./context.ts";

/** How often every Sentinel is asked, and how long it may take: ms. */
const ASK_EVERY_MS = 25;
const ANSWER_WITHIN_MS = 300;

/**
 * Where the Sentinels send clients, moment by moment: asked over and over, and corrected at once by what they
 * announce. It finds out as fast as a client can, without waiting for a hung node as a look at everything does.
 */
export class Compass {
  /** The latest opinion last. */
  private readonly opinions = new Map<NodeId, Address>();

  constructor(
    private readonly ctx: Context,
    private readonly topology: Topology = ctx.topology,
  ) {}

  /** Asks until `signal` aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await Promise.all(this.topology.sentinel.nodes.map((sentinel) => this.ask(sentinel)));
      await this.ctx.clock.sleep(ASK_EVERY_MS, signal);
    }
  }

  /** Takes note of what a Sentinel names now. */
  note(sentinel: NodeId, address: Address): void {
    const known = this.opinions.get(sentinel);
    if (known?.host === address.host && known.port === address.port) return;
    this.opinions.delete(sentinel);
    this.opinions.set(sentinel, address);
  }

  /** Every address that some Sentinel names, the one that was named last first. */
  candidates(): Address[] {
    const seen = new Map([...this.opinions.values()].map((each) => [keyOf(each), each]));
    return [...seen.values()].toReversed();
  }

  /** The address that a majority of all configured Sentinels names, or null. */
  majority(): Address | null {
    const votes = new Map<string, number>();
    for (const address of this.opinions.values())
      votes.set(keyOf(address), (votes.get(keyOf(address)) ?? 0) + 1);
    const enough = majority(this.topology);
    return this.candidates().find((address) => (votes.get(keyOf(address)) ?? 0) >= enough) ?? null;
  }

  private async ask(sentinel: SentinelNode): Promise<void> {
    try {
      const ask = [this.topology.name] as const;
      const reply = await withNode(
        this.ctx,
        sentinel,
        (redis) => redis.call("SENTINEL", "GET-MASTER-ADDR-BY-NAME", ...ask),
        ANSWER_WITHIN_MS,
      );
      const address = parseAddress(reply);
      if (address !== null) this.note(sentinel.id, address);
    } catch {
      // A Sentinel that is silent keeps its last opinion: that is what its clients know, too.
    }
  }
}

function keyOf({ host, port }: Address): string {
  return `${host} ${port}`;
}
