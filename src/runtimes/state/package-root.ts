import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { VedetteError } from "../../errors.ts";

/** A file that ships with the package, whether we run from `src/` or bundled from `dist/`. */
export function packageFile(relative: string): string {
  let dir = dirname(fileURLToPath(import.meta.url));
  for (;;) {
    const candidate = join(dir, relative);
    if (existsSync(join(dir, "package.json")) && existsSync(candidate)) return candidate;
    const parent = dirname(dir);
    if (parent === dir) break;
    dir = parent;
  }
  throw new VedetteError(`looking for ${relative} in the vedette package: it is not there`, {
    next: "reinstall vedette",
  });
}
