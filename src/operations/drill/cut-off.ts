import { randomBytes } from "node:crypto";
import { connect, type RedisConnection } from "../../redis/client.ts";
import { dial, type RedisNode } from "../../topology/model.ts";
import { ASK_DEADLINE_MS, type Context } from "../context.ts";

/**
 * A partition that needs no privileges: the master's password is changed (in memory only, so that a restart undoes
 * it) and its replicas' and Sentinels' connections are killed. They are locked out; clients that are connected stay
 * authenticated and go on.
 */
export class CutOff {
  private readonly secret = randomBytes(24).toString("hex");
  active = false;

  constructor(
    private readonly ctx: Context,
    private readonly node: RedisNode,
  ) {}

  passwords(): (string | null)[] {
    return this.active ? [this.ctx.password, this.secret] : [this.ctx.password];
  }

  async begin(): Promise<void> {
    this.active = true;
    await this.use(this.ctx.password, async (redis) => {
      await redis.call("CONFIG", "SET", "requirepass", this.secret);
      const ids = peers(String(await redis.call("CLIENT", "LIST")));
      await redis.callAll(ids.map((id) => ["CLIENT", "KILL", "ID", id] as const));
    });
  }

  async end(): Promise<void> {
    await this.use(this.secret, async (redis) => {
      await redis.call("CONFIG", "SET", "requirepass", this.ctx.password ?? "");
    });
    this.active = false;
  }

  private async use(password: string | null, work: (redis: RedisConnection) => Promise<void>): Promise<void> {
    const redis = await connect({ ...dial(this.node), password, deadlineMs: ASK_DEADLINE_MS });
    try {
      await work(redis);
    } finally {
      redis.close();
    }
  }
}

/** The ids of replicas and Sentinels in a CLIENT LIST. Sentinel names its connections (sentinelSetClientName). */
export function peers(clients: string): string[] {
  return clients.split("\n").flatMap((line) => {
    const fields = new Map(
      line
        .trim()
        .split(" ")
        .map((field): [string, string] => {
          const at = field.indexOf("=");
          return [field.slice(0, at), field.slice(at + 1)];
        }),
    );
    const id = fields.get("id");
    const replica = /S/.test(fields.get("flags") ?? "");
    const sentinel = /^sentinel-[0-9a-f]+-(cmd|pubsub)$/.test(fields.get("name") ?? "");
    return id !== undefined && (replica || sentinel) ? [id] : [];
  });
}
