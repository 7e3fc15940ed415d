import { relative } from "node:path";
import prettyBytes from "pretty-bytes";
import prettyMs from "pretty-ms";
import type { BackupManifest } from "../../operations/backup-manifest.ts";
import { coloursFor } from "./colours.ts";

/** `vedette backup`: where it is, what is in it, and how to look into it. `dir` as the user would type it. */
export function printBackup(manifest: BackupManifest, dir: string, colour: boolean): string {
  const colours = coloursFor(colour);
  const { id, file, keys, bytes, source, durationsMs, offset, epoch } = manifest;
  const counted = Object.values(source.keysAfter).reduce((sum, count) => sum + count, 0);
  return [
    colours.green(`${dir}/${file}`),
    `  ${keys} keys, ${prettyBytes(bytes, { binary: true })}, checked by redis-check-rdb, in ${prettyMs(durationsMs.total)}`,
    `  from ${source.node} (${source.role}), which counted ${counted} keys; offset ${offset ?? "unknown"}, epoch ${epoch ?? "-"}`,
    `  manifest ${id}.json, sha256 ${manifest.sha256.slice(0, 16)}…`,
    "",
  ].join("\n");
}

/** A directory the short way: from where the user is, unless that is longer. */
export function shortPath(dir: string, cwd: string): string {
  const way = relative(cwd, dir);
  if (way === "") return ".";
  return way.startsWith("..") ? dir : way;
}
