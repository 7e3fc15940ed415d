import { usageOf } from "../../runtimes/local/usage.ts";
import type { Invocation } from "../command.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printProcesses, processesJson, processRows } from "../print/processes.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const { topology, runtime, clock } = open(io, options);
  const [processes, steward] = await Promise.all([runtime.inspect(), runtime.steward()]);
  const rows = processRows(topology, processes, steward, usageOf);
  if (options.json) json(io, processesJson(topology.name, rows, clock.now()));
  else io.out(printProcesses(rows, clock.now(), io.colour));
  return 0;
}
