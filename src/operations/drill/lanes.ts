import { connect, type RedisConnection } from "../../redis/client.ts";
import { RedisError } from "../../redis/redis-error.ts";
import { dial, type ClusterNode, type NodeId } from "../../topology/model.ts";
import type { Context } from "../context.ts";
import type { Accepted, LaneState } from "./record.ts";

/** How often every node is asked, and how long it may take: ms. */
const EVERY_MS = 50;
const ANSWER_WITHIN_MS = 300;

/** A node's state from one moment to the next change. */
export interface Stretch {
  /** Monotonic ms. */
  at: number;
  state: LaneState;
}

/**
 * Asks one node over and over what it is, and whoever says that it is master is made to prove it with a write: two
 * nodes that take writes at one time are found whatever the Sentinels think.
 */
export class Lane {
  readonly stretches: Stretch[] = [];
  readonly accepted: Accepted[] = [];
  private redis: RedisConnection | null = null;

  constructor(
    private readonly ctx: Context,
    readonly node: ClusterNode,
    /** A key of the drill's own: what is written there is no part of the checked writes. */
    private readonly key: string,
    private readonly onChange: (node: NodeId, state: LaneState, at: number) => void,
  ) {}

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.note(await this.state());
      await this.ctx.clock.sleep(EVERY_MS, signal);
    }
    this.close();
  }

  private note(state: LaneState): void {
    if (this.stretches.at(-1)?.state === state) return;
    const at = this.ctx.clock.monotonic();
    this.stretches.push({ at, state });
    this.onChange(this.node.id, state, at);
  }

  private async state(): Promise<LaneState> {
    const kept = this.redis !== null;
    try {
      return await this.ask(await this.open());
    } catch (error) {
      this.close();
      // A promotion ends every connection (CLIENT KILL): only one that cannot be made again tells of a dead node.
      if (kept && error instanceof RedisError && error.kind === "closed") return this.state();
      return stateWithout(error);
    }
  }

  private async open(): Promise<RedisConnection> {
    const { password } = this.ctx;
    this.redis ??= await connect({ ...dial(this.node), password, deadlineMs: ANSWER_WITHIN_MS });
    return this.redis;
  }

  private async ask(redis: RedisConnection): Promise<LaneState> {
    if (this.node.kind === "sentinel") {
      await redis.call("PING");
      return "watching";
    }
    const role = await redis.call("ROLE");
    if (!Array.isArray(role)) return "silent";
    if (role[0] === "master") return this.prove(redis);
    return role[3] === "connected" ? "replica" : "unlinked";
  }

  private async prove(redis: RedisConnection): Promise<LaneState> {
    try {
      await redis.call("SET", this.key, this.node.id, "EX", 900);
      this.accepted.push({ at: this.ctx.clock.monotonic(), node: this.node.id });
      return "master";
    } catch (error) {
      if (error instanceof RedisError && error.reply !== null) return "refusing";
      throw error;
    }
  }

  private close(): void {
    this.redis?.close();
    this.redis = null;
  }
}

function stateWithout(error: unknown): LaneState {
  if (!(error instanceof RedisError)) return "down";
  if (error.kind === "timeout") return "silent";
  if (error.kind === "auth") return "locked";
  return error.kind === "loading" ? "loading" : "down";
}
