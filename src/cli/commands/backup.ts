import { backup } from "../../operations/backup.ts";
import type { Invocation } from "../command.ts";
import { interruptible } from "../interrupt.ts";
import { json } from "../io.ts";
import { open } from "../open.ts";
import { printBackup, shortPath } from "../print/backup.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const ctx = open(io, options);
  const manifest = await backup(ctx, interruptible(io, `backing up ${ctx.topology.name}`));
  if (options.json) json(io, manifest);
  else io.out(printBackup(manifest, shortPath(ctx.topology.backupDir, process.cwd()), io.colour));
  return 0;
}
