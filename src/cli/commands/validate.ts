import { basename } from "node:path";
import type { ResolvedTopology } from "../../topology/model.ts";
import { formatProblem, TopologyError, type Problem } from "../../topology/problems.ts";
import type { Invocation } from "../command.ts";
import { json, type Io } from "../io.ts";
import { openTopology } from "../open.ts";
import { coloursFor } from "../print/colours.ts";
import type { Options } from "../options.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const result = check(options);
  const ok = "topology" in result;
  const problems = ok ? result.advice : result.problems;
  if (options.json) json(io, { schema: 1, ok, problems });
  else if (ok) show(io, result);
  else for (const problem of problems) io.out(formatProblem(problem));
  return ok ? 0 : 2;
}

function check(options: Options): ResolvedTopology | { problems: readonly Problem[] } {
  try {
    return openTopology(options);
  } catch (error) {
    if (error instanceof TopologyError) return { problems: error.problems };
    throw error;
  }
}

function show(io: Io, { topology, advice }: ResolvedTopology): void {
  const colours = coloursFor(io.colour);
  const { redis, sentinel, file } = topology;
  const replicas = redis.nodes.length - 1;
  const what = file === null ? "no vedette.yaml here, so the built-in defaults" : basename(file);
  const counts = `1 master, ${replicas} ${replicas === 1 ? "replica" : "replicas"}, ${sentinel.nodes.length} Sentinels, quorum ${sentinel.quorum}`;
  io.out(`${colours.green("ok")}  ${what}: cluster ${topology.name}, ${counts}`);
  for (const problem of advice) io.out(`${colours.dim("info")}  ${formatProblem(problem)}`);
}
