import { connect, type RedisConnection } from "../redis/client.ts";
import { dial, type RedisNode } from "../topology/model.ts";
import type { Context } from "./context.ts";
import { HASTE_DEADLINE_MS } from "./spread.ts";

/** Asks one node for its role over and over. The promotion itself kills the connection (CLIENT KILL TYPE normal). */
export class RoleWatch {
  private line: RedisConnection | null = null;

  constructor(
    private readonly ctx: Context,
    private readonly node: RedisNode,
  ) {}

  async isMaster(): Promise<boolean> {
    try {
      this.line ??= await connect({
        ...dial(this.node),
        password: this.ctx.password,
        deadlineMs: HASTE_DEADLINE_MS,
      });
      const role = await this.line.call("ROLE");
      return Array.isArray(role) && String(role[0]) === "master";
    } catch {
      this.close(); // killed by the promotion, or the node has ended, too: the next attempt tells
      return false;
    }
  }

  close(): void {
    this.line?.close();
    this.line = null;
  }
}
