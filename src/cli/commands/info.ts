import { VedetteError } from "../../errors.ts";
import { requireNode } from "../../operations/context.ts";
import { nodeInfos, type NodeInfo } from "../../operations/node-infos.ts";
import { allNodes } from "../../topology/model.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { infoJson, printInfos } from "../print/info.ts";

export async function run({ io, args, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const [name] = args;
  const nodes = name === undefined ? allNodes(ctx.topology) : [requireNode(ctx.topology, name)];
  const infos = await nodeInfos(ctx, nodes, options.section ?? null);
  refuseUnknownSection(infos, options.section ?? null);
  if (options.json) json(io, infoJson(ctx.topology.name, infos));
  else io.out(printInfos(infos, io.colour));
  return infos.some(({ info }) => info !== null) ? 0 : 1;
}

/** Redis answers a section that it does not know with nothing at all. */
function refuseUnknownSection(infos: readonly NodeInfo[], section: string | null): void {
  const answered = infos.filter(({ info }) => info !== null);
  if (
    section === null ||
    answered.length === 0 ||
    answered.some(({ info }) => info !== null && info.size > 0)
  )
    return;
  const who = infos.length === 1 ? "the node has" : "the nodes have";
  throw new VedetteError(`asking for the INFO section ${section}: ${who} none of that name`, {
    next: "sections are server, clients, memory, persistence, stats, replication, cpu, commandstats, latencystats, errorstats, modules, cluster, keyspace, sentinel; or all, everything",
  });
}
