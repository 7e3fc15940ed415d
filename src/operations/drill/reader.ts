import { connect, type RedisConnection } from "../../redis/client.ts";
import { dial, type RedisNode } from "../../topology/model.ts";
import type { Context } from "../context.ts";

/** One acknowledged write, looked for on a replica. */
export interface Sought {
  key: string;
  number: number;
  /** When it was acknowledged: monotonic ms. */
  at: number;
}

/** How long after its acknowledgement a write was, or still was not, to be read there. */
export interface Read extends Sought {
  node: string;
  /** ms after the acknowledgement; 0 when it was there at the first look. */
  staleMs: number;
  seen: boolean;
}

const EVERY_MS = 50;
const RETRY_MS = 5;
const ANSWER_WITHIN_MS = 300;
/** A write that is not there after so long is told as that old, and the next one looked for: ms. */
const PATIENCE_MS = 5_000;

/** Reads the newest acknowledged write on one node, over and over, and notes how stale the node was. */
export class StaleReader {
  readonly reads: Read[] = [];
  /** Reads that got no answer. */
  unanswered = 0;
  private redis: RedisConnection | null = null;

  constructor(
    private readonly ctx: Context,
    private readonly node: RedisNode,
    private readonly newest: () => Sought | null,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const sought = this.newest();
      if (sought !== null) await this.look(sought, signal);
      await this.ctx.clock.sleep(EVERY_MS, signal);
    }
    this.close();
  }

  private async look(sought: Sought, signal: AbortSignal): Promise<void> {
    const { clock } = this.ctx;
    let looks = 0;
    for (;;) {
      const there = await this.isThere(sought);
      if (there === null) {
        this.unanswered += 1;
        return;
      }
      looks += 1;
      const age = clock.monotonic() - sought.at;
      if (there || age > PATIENCE_MS) {
        const staleMs = there && looks === 1 ? 0 : Math.round(age);
        this.reads.push({ ...sought, node: this.node.id, staleMs, seen: there });
        return;
      }
      if (signal.aborted) return;
      await clock.sleep(RETRY_MS, signal);
    }
  }

  /** Null without an answer. */
  private async isThere({ key, number }: Sought): Promise<boolean | null> {
    const { password } = this.ctx;
    try {
      this.redis ??= await connect({ ...dial(this.node), password, deadlineMs: ANSWER_WITHIN_MS });
      return Number(await this.redis.call("HEXISTS", key, String(number))) === 1;
    } catch {
      this.close();
      return null;
    }
  }

  private close(): void {
    this.redis?.close();
    this.redis = null;
  }
}
