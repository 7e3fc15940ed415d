import { clean, stepsDown } from "../../operations/down.ts";
import type { Invocation } from "../command.ts";
import { confirmByName } from "../io.ts";
import { open } from "../open.ts";
import { printSteps } from "../print/steps.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const things = await ctx.runtime.belongings();
  if (things.length === 0) {
    io.out(`${ctx.topology.name} has no state and no data here: nothing to delete`);
    return 0;
  }
  const deletions = things.map((what) => ({ do: "delete" as const, what }));
  io.note(printSteps("clean", [...(await stepsDown(ctx, true)), ...deletions], io.colour));
  io.note(`Backups in ${ctx.topology.backupDir} are kept.`);
  if (options.dryRun) return 0;
  const asked = "This deletes all data of the cluster, on every node.";
  if (!(await confirmByName(io, options.yes === true, asked, ctx.topology.name))) {
    io.out("nothing was touched");
    return 1;
  }
  await clean(ctx, things);
  io.out(`${ctx.topology.name} is gone. A new one: vedette up`);
  return 0;
}
