import { ask } from "../cluster/ask.ts";
import { parseInfo, replicationInfo, serverInfo, type Info } from "../redis/info.ts";
import type { ClusterNode } from "../topology/model.ts";
import { ASK_DEADLINE_MS, type Context } from "./context.ts";

/** INFO of one node, or why there is none. */
export interface NodeInfo {
  node: ClusterNode;
  /** What the node says it is now, whatever its name. */
  role: "master" | "replica" | "sentinel" | null;
  /** The sections asked for; null when the node did not answer. */
  info: Info | null;
  error: string | null;
}

/** Asks all these nodes at once. `section` as INFO takes it; null gives what INFO gives by default. */
export async function nodeInfos(
  ctx: Context,
  nodes: readonly ClusterNode[],
  section: string | null,
): Promise<NodeInfo[]> {
  return Promise.all(nodes.map(async (node) => nodeInfo(ctx, node, section)));
}

async function nodeInfo(ctx: Context, node: ClusterNode, section: string | null): Promise<NodeInfo> {
  const { password, clock } = ctx;
  const wanted: [string, ...string[]] = section === null ? ["INFO"] : ["INFO", section];
  // The first for the role: a section alone does not say it.
  const heard = await ask(node, [["INFO"], wanted], { password, deadlineMs: ASK_DEADLINE_MS, clock });
  if ("error" in heard) return { node, role: null, info: null, error: heard.error.message };
  const [whole = "", asked = ""] = heard.replies.map((reply) => (typeof reply === "string" ? reply : ""));
  return { node, role: roleOf(parseInfo(whole)), info: parseWithEmpty(asked), error: null };
}

/** As parseInfo, with the sections that have a heading and nothing below: `keyspace` of an empty node. */
function parseWithEmpty(text: string): Info {
  const info = parseInfo(text);
  for (const [, name = ""] of text.matchAll(/^# (\w+)\r?$/gm)) {
    if (!info.has(name.toLowerCase())) info.set(name.toLowerCase(), new Map());
  }
  return info;
}

function roleOf(info: Info): NodeInfo["role"] {
  return serverInfo(info).mode === "sentinel" ? "sentinel" : replicationInfo(info).role;
}
