import { createHash } from "node:crypto";
import { createReadStream, type Dirent } from "node:fs";
import { chmod, link, mkdir, open, readdir, rename, rm, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import writeFileAtomic from "write-file-atomic";
import { errorCode, VedetteError } from "../errors.ts";
import { backupId, type BackupManifest } from "./backup-manifest.ts";

const PRIVATE_FILE = 0o600;
const PRIVATE_DIR = 0o700;

/** Left free on the disk, for whoever else writes there: bytes. */
const RESERVE = 16 * 1024 * 1024;

/** Makes the directory, readable by its owner only. One that is there keeps its mode: it may be shared on purpose. */
export async function makeBackupDir(dir: string): Promise<void> {
  await mkdir(dir, { recursive: true, mode: PRIVATE_DIR });
}

/** Refuses when the disk could not take `bytes` more; an RDB is rarely larger than the memory it is made from. */
export async function assertDiskSpace(dir: string, bytes: number, doing: string): Promise<void> {
  const { bavail, bsize } = await statfs(dir);
  const free = bavail * bsize;
  if (free >= bytes + RESERVE) return;
  const mib = (count: number) => `${Math.ceil(count / 1024 / 1024)} MiB`;
  throw new VedetteError(
    `${doing}: ${dir} has ${mib(free)} free, and the backup may take ${mib(bytes)} and is to leave ${mib(RESERVE)}`,
    { next: "delete old backups, or point backupDir at a larger disk" },
  );
}

/** An empty file that only its owner reads, for the RDB to be streamed into. */
export async function makeTemporary(dir: string, cluster: string, id: string): Promise<string> {
  const path = join(dir, `${temporaryPrefix(cluster)}${id}.rdb`);
  const file = await open(path, "wx", PRIVATE_FILE);
  await file.close();
  return path;
}

/** Deletes what backups of this cluster that were killed have left. Only for the one who may make a backup now. */
export async function removeTemporaries(dir: string, cluster: string): Promise<void> {
  const isOurs = (entry: Dirent) => entry.isFile() && entry.name.startsWith(temporaryPrefix(cluster));
  for (const entry of (await readdir(dir, { withFileTypes: true })).filter(isOurs))
    await rm(join(dir, entry.name));
}

/** Two clusters may share a directory, and neither deletes what the other is at. */
function temporaryPrefix(cluster: string): string {
  return `.tmp-${cluster}~`;
}

export async function sizeAndSum(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return { bytes: (await stat(path)).size, sha256: hash.digest("hex") };
}

/**
 * Gives the checked file its final name, the first that is free in this second, and writes the manifest beside it.
 * Never replaces a file, and leaves none without its manifest.
 */
export async function publish(
  dir: string,
  temporary: string,
  time: number,
  manifestOf: (id: string) => BackupManifest,
): Promise<BackupManifest> {
  await sync(temporary);
  for (let attempt = 1; ; attempt += 1) {
    const id = backupId(time, attempt);
    const [rdb, json] = [join(dir, `${id}.rdb`), join(dir, `${id}.json`)];
    if ((await exists(json)) || !(await take(temporary, rdb))) continue;
    const manifest = manifestOf(id);
    try {
      await chmod(rdb, PRIVATE_FILE);
      await writeFileAtomic(json, `${JSON.stringify(manifest, null, 2)}\n`, { mode: PRIVATE_FILE });
      await sync(dir);
    } catch (error) {
      await rm(rdb, { force: true });
      throw error;
    }
    return manifest;
  }
}

/** False when the name is taken. */
async function take(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    await rm(from);
    return true;
  } catch (error) {
    if (errorCode(error) === "EEXIST") return false;
    // A file system without hard links (some network shares): rename would replace, so look first.
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(errorCode(error) ?? "")) throw error;
    if (await exists(to)) return false;
    await rename(from, to);
    return true;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (errorCode(error) === "ENOENT") return false;
    throw error;
  }
}

/** Content of a file, or names of a directory, on the disk before we call it a backup. */
async function sync(path: string): Promise<void> {
  const file = await open(path, "r");
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
