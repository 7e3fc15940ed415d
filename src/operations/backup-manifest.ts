import type { NodeId } from "../topology/model.ts";

/** `dump-YYYYMMDD-HHMMSS.json`, beside the RDB of the same name. Fields are added, never renamed, within a schema. */
export interface BackupManifest {
  schema: 1;
  /** `dump-YYYYMMDD-HHMMSS`, in the local time of the machine that made it. */
  id: string;
  /** Name of the RDB, in the same directory. */
  file: string;
  cluster: string;
  /** When the backup was begun: ISO 8601, UTC. */
  time: string;
  bytes: number;
  sha256: string;
  redisVersion: string | null;
  /** The highest config epoch that the Sentinels reported. */
  epoch: number | null;
  source: {
    node: NodeId;
    host: string;
    port: number;
    role: "master" | "replica";
    /** Behind the master when it was chosen: bytes. */
    lagBytes: number | null;
    /** Keys per database that the source counted right before and after: writes go on meanwhile. */
    keysBefore: Record<string, number>;
    keysAfter: Record<string, number>;
    /** Where the source was in the stream of writes right before and after: bytes. */
    offsetBefore: number | null;
    offsetAfter: number | null;
  };
  /** What the file itself says: the exact point in the stream of writes that it holds. */
  replId: string | null;
  offset: number | null;
  /** Keys in the file as redis-check-rdb counts them, expired ones included. */
  keys: number;
  expires: number | null;
  durationsMs: { transfer: number; check: number; total: number };
}

/** What redis-check-rdb read in a file that it found well. */
export interface RdbFacts {
  keys: number;
  expires: number | null;
  redisVersion: string | null;
  replId: string | null;
  offset: number | null;
}

/** Reads what redis-check-rdb prints; null when it does not say that all is well. */
export function parseCheck(text: string): RdbFacts | null {
  const keys = /^\[info\] (\d+) keys read$/m.exec(text)?.[1];
  if (keys === undefined || !text.includes("RDB looks OK")) return null;
  const field = (name: string) => new RegExp(`AUX FIELD ${name} = '([^']*)'`).exec(text)?.[1] ?? null;
  const offset = field("repl-offset");
  const expires = /^\[info\] (\d+) expires$/m.exec(text)?.[1];
  return {
    keys: Number(keys),
    expires: expires === undefined ? null : Number(expires),
    redisVersion: field("redis-ver") ?? field("valkey-ver"),
    replId: field("repl-id"),
    offset: offset === null || !/^\d+$/.test(offset) ? null : Number(offset),
  };
}

/** `dump-20261123-094512`, in local time; the `attempt`-th name of that second. */
export function backupId(time: number, attempt: number): string {
  const at = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}${two(at.getMonth() + 1)}${two(at.getDate())}`;
  const clock = `${two(at.getHours())}${two(at.getMinutes())}${two(at.getSeconds())}`;
  return `dump-${day}-${clock}${attempt === 1 ? "" : `-${attempt}`}`;
}
