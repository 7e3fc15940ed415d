import type { Address } from "../cluster/snapshot.ts";
import { parseInfo, replicationInfo } from "../redis/info.ts";
import type { RedisNode } from "../topology/model.ts";
import { withNode, type Context } from "./context.ts";

/** The node is a replica of that master, with its link up. False when it does not answer. */
export async function follows(ctx: Context, node: RedisNode, master: Address): Promise<boolean> {
  try {
    const info = await withNode(ctx, node, (redis) => redis.call("INFO", "replication"));
    const { linkUp, masterHost, masterPort } = replicationInfo(parseInfo(String(info)));
    return linkUp === true && masterHost === master.host && masterPort === master.port;
  } catch {
    return false;
  }
}
