import type { Address } from "../cluster/snapshot.ts";
import { connect, type RedisConnection } from "../redis/client.ts";
import { dialAt, type Topology } from "../topology/model.ts";
import { RedisError } from "../redis/redis-error.ts";

/** A writing client's one connection: to a node that says itself that it is master, found anew when it has ended. */
export class MasterLink {
  private redis: RedisConnection | null = null;

  constructor(
    /** Where to look for the master, the most likely address first. */
    private readonly where: () => Address[],
    /** Passwords to try, the most likely first; null for none. */
    private readonly passwords: () => readonly (string | null)[],
    private readonly deadlineMs: number,
    private readonly topology: Topology,
  ) {}

  /** The connection, or null when nobody says that it is master. */
  async open(): Promise<RedisConnection | null> {
    this.redis ??= await this.find();
    return this.redis;
  }

  /** A Sentinel has announced another master: leave the present one, as a Sentinel-aware client does. */
  leave(to: Address): void {
    if (this.redis !== null && !isAt(this.redis, to)) this.close();
  }

  close(): void {
    this.redis?.close();
    this.redis = null;
  }

  private async find(): Promise<RedisConnection | null> {
    for (const address of this.where()) {
      for (const password of this.passwords()) {
        const found = await this.tryMaster(address, password);
        if (found === "wrong password") continue;
        if (found !== null) return found;
        break;
      }
    }
    return null;
  }

  private async tryMaster(
    address: Address,
    password: string | null,
  ): Promise<RedisConnection | "wrong password" | null> {
    let redis: RedisConnection | null = null;
    try {
      redis = await connect({ ...dialAt(this.topology, address), password, deadlineMs: this.deadlineMs });
      const role = await redis.call("ROLE");
      if (Array.isArray(role) && role[0] === "master") return redis;
    } catch (error) {
      // Dead, hung or loading: the next address.
      redis?.close();
      return error instanceof RedisError && error.kind === "auth" ? "wrong password" : null;
    }
    redis.close();
    return null;
  }
}

function isAt(redis: RedisConnection, { host, port }: Address): boolean {
  return redis.host === host && redis.port === port;
}
