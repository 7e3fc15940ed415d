import { existsSync } from "node:fs";
import { dirname, relative, resolve } from "node:path";
import { UsageError, VedetteError } from "../../errors.ts";
import { createFile, writeWhole } from "../../operations/write-files.ts";
import { packageFile } from "../../runtimes/state/package-root.ts";
import { commentedTopology } from "../../topology/commented.ts";
import type { Invocation } from "../command.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const shown = options.out ?? options.file ?? "vedette.yaml";
  const file = resolve(shown);
  const directory = dirname(file);
  if (!existsSync(directory)) {
    throw new VedetteError(`writing ${shown}: there is no directory ${directory}`, {
      next: `type \`mkdir -p ${directory}\``,
    });
  }
  const text = commentedTopology(schemaFrom(directory));
  if (options.force) writeWhole(file, text);
  else if (!createFile(file, text)) {
    throw new UsageError(`writing ${shown}: it is there already, and was not touched`, {
      next: "replace it with --force, or write elsewhere with --out FILE",
    });
  }
  const flag = shown === "vedette.yaml" ? "" : ` -f ${shown}`;
  io.out(
    `wrote ${shown}: every key with its default. Edit it, then: vedette validate${flag} && vedette up${flag}`,
  );
  return 0;
}

/** Where an editor finds the JSON Schema; only inside the project, since another machine has other paths. */
function schemaFrom(directory: string): string | null {
  const path = relative(directory, packageFile("schema/vedette.schema.json"));
  return path.startsWith("..") ? null : `./${path}`;
}
