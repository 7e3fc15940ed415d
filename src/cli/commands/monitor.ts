import { UsageError } from "../../errors.ts";
import { requireNode, type Context } from "../../operations/context.ts";
import { watchSlow, type SlowEvent } from "../../operations/slow-watch.ts";
import { parseMonitorLine } from "../../redis/slow.ts";
import type { RedisNode, Topology } from "../../topology/model.ts";
import type { Invocation } from "../command.ts";
import type { Io } from "../io.ts";
import { open } from "../open.ts";
import { commandJson, slowJson, slowPrinter } from "../print/slow.ts";
import { rawMonitor } from "../raw-monitor.ts";
import { untilInterrupted } from "../until-interrupted.ts";

export async function run({ io, args, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const nodes = chooseNodes(ctx.topology, args[0]);
  const printer = slowPrinter(
    nodes.map(({ id }) => id),
    io.colour,
  );
  const print = options.json ? slowJson : printer;
  const show = (event: SlowEvent) => io.out(print(event, ctx.clock.now()));
  if (options.raw) return raw(io, ctx, nodes, options.json === true, show);
  const signal = untilInterrupted();
  if (!options.json) io.note("new entries of the slow log and latency events; Ctrl-C ends");
  await Promise.all(nodes.map(async (node) => watchSlow(ctx, node, signal, show)));
  return 0;
}

async function raw(
  io: Io,
  ctx: Context,
  nodes: readonly RedisNode[],
  json: boolean,
  show: (event: SlowEvent) => void,
): Promise<number> {
  const [node, another] = nodes;
  if (node === undefined || another !== undefined) {
    throw new UsageError("monitoring every command: of which node?", {
      next: `name one, since it slows the node down: vedette monitor --raw ${nodes.at(-1)?.id ?? "NODE"}`,
    });
  }
  io.note(`every command of ${node.id}: MONITOR can halve its throughput while this runs; Ctrl-C ends`);
  const line = (text: string) => {
    const command = json ? parseMonitorLine(text) : null;
    io.out(command === null ? text : commandJson(node.id, command));
  };
  const program = await ctx.runtime.program("redis-cli");
  await rawMonitor({ program, node, password: ctx.password }, ctx.clock, untilInterrupted(), {
    line,
    lost: (reason) => show({ node: node.id, kind: "lost", reason }),
    back: () => show({ node: node.id, kind: "back", restarted: false }),
  });
  return 0;
}

function chooseNodes(topology: Topology, name: string | undefined): readonly RedisNode[] {
  if (name === undefined) return topology.redis.nodes;
  const node = requireNode(topology, name);
  if (node.kind === "redis") return [node];
  throw new UsageError(`monitoring ${name}: a Sentinel keeps no slow log`, {
    next: `what it does is in its log: vedette logs --follow ${name}`,
  });
}
