import type { SentinelPeriods } from "../topology/model.ts";
import { RedisError } from "./redis-error.ts";

/**
 * Replies of the SENTINEL command as values. They are flat arrays of names and values; unknown fields are
 * passed over and missing ones are null, because they differ between versions.
 */

export interface SentinelMaster {
  name: string | null;
  host: string | null;
  port: number | null;
  runId: string | null;
  /** `master`, `s_down`, `o_down`, `failover_in_progress`, … */
  flags: string[];
  configEpoch: number | null;
  quorum: number | null;
  /** How many it knows, dead ones included. */
  replicas: number | null;
  otherSentinels: number | null;
  downAfterMs: number | null;
  failoverTimeoutMs: number | null;
  parallelSyncs: number | null;
  /** Since the master last answered a PING of this Sentinel: ms. */
  silentMs: number | null;
}

export interface SentinelReplica {
  host: string;
  port: number;
  runId: string | null;
  flags: string[];
  /** Its link to its master, as of the last INFO that the Sentinel read. */
  linkUp: boolean;
  masterHost: string | null;
  masterPort: number | null;
  priority: number | null;
  offset: number | null;
}

export interface SentinelPeer {
  host: string;
  port: number;
  runId: string | null;
  flags: string[];
}

/** SENTINEL MASTER; null for anything that is not such a reply (an error reply, an unknown master). */
export function parseMaster(reply: unknown): SentinelMaster | null {
  const fields = flatFields(reply);
  if (fields === null) return null;
  return {
    name: fields.get("name") ?? null,
    host: fields.get("ip") || null,
    port: integer(fields.get("port")),
    runId: fields.get("runid") || null,
    flags: flagsOf(fields),
    configEpoch: integer(fields.get("config-epoch")),
    quorum: integer(fields.get("quorum")),
    replicas: integer(fields.get("num-slaves")),
    otherSentinels: integer(fields.get("num-other-sentinels")),
    downAfterMs: integer(fields.get("down-after-milliseconds")),
    failoverTimeoutMs: integer(fields.get("failover-timeout")),
    parallelSyncs: integer(fields.get("parallel-syncs")),
    silentMs: integer(fields.get("last-ok-ping-reply")),
  };
}

/** SENTINEL DEBUG, ms; null where there is none of it (Redis 6.2 answers with an error). */
export function parsePeriods(reply: unknown): SentinelPeriods | null {
  const fields = flatFields(reply);
  if (fields === null) return null;
  // It spells in capitals what it takes in any case.
  const periods = new Map([...fields].map(([name, ms]) => [name.toLowerCase(), integer(ms)]));
  const [ping, info, ask, publish, tilt] = ["ping", "info", "ask", "publish", "tilt"].map(
    (name) => periods.get(`${name}-period`) ?? null,
  );
  if (ping == null || info == null || ask == null || publish == null || tilt == null) return null;
  return { ping, info, ask, publish, tilt };
}

/** SENTINEL REPLICAS (or SLAVES). */
export function parseReplicas(reply: unknown): SentinelReplica[] {
  return entries(reply).map(({ host, port, fields }) => ({
    host,
    port,
    runId: fields.get("runid") || null,
    flags: flagsOf(fields),
    linkUp: fields.get("master-link-status") === "ok",
    masterHost: known(fields.get("master-host")),
    masterPort: integer(fields.get("master-port")) || null,
    priority: integer(fields.get("slave-priority")),
    offset: integer(fields.get("slave-repl-offset")),
  }));
}

/** SENTINEL SENTINELS: the other Sentinels it knows. */
export function parsePeers(reply: unknown): SentinelPeer[] {
  return entries(reply).map(({ host, port, fields }) => ({
    host,
    port,
    runId: fields.get("runid") || null,
    flags: flagsOf(fields),
  }));
}

/** SENTINEL GET-MASTER-ADDR-BY-NAME; null when this Sentinel does not know the name. */
export function parseAddress(reply: unknown): { host: string; port: number } | null {
  if (!Array.isArray(reply) || reply.length !== 2) return null;
  const [host, port] = [text(reply[0]), integer(text(reply[1]))];
  return host !== null && host !== "" && port !== null ? { host, port } : null;
}

/**
 * SENTINEL CKQUORUM, which says no with an error reply. `ok` is null when the reply is neither its yes nor
 * its no.
 */
export function parseQuorum(reply: unknown): { ok: boolean | null; message: string } {
  if (reply instanceof Error) {
    const said =
      reply instanceof RedisError && reply.cause instanceof Error ? reply.cause.message : reply.message;
    return { ok: /^NOQUORUM\b|No such master/.test(said) ? false : null, message: said };
  }
  const message = text(reply) ?? "";
  return { ok: message.startsWith("OK") ? true : null, message };
}

function entries(reply: unknown): { host: string; port: number; fields: Map<string, string> }[] {
  if (!Array.isArray(reply)) return [];
  return reply.flatMap((entry: unknown) => {
    const fields = flatFields(entry);
    const host = fields?.get("ip");
    const port = integer(fields?.get("port"));
    return fields && host !== undefined && host !== "" && port !== null ? [{ host, port, fields }] : [];
  });
}

function flatFields(reply: unknown): Map<string, string> | null {
  if (!Array.isArray(reply) || reply.length === 0) return null;
  const fields = new Map<string, string>();
  for (let at = 0; at + 1 < reply.length; at += 2) {
    const [name, value] = [text(reply[at]), text(reply[at + 1])];
    if (name !== null && value !== null) fields.set(name, value);
  }
  return fields.size > 0 ? fields : null;
}

function flagsOf(fields: Map<string, string>): string[] {
  return (fields.get("flags") ?? "").split(",").filter((flag) => flag !== "");
}

/** Sentinel writes `?` for an address it has not learned yet. */
function known(value: string | undefined): string | null {
  return value === undefined || value === "" || value === "?" ? null : value;
}

function text(value: unknown): string | null {
  if (typeof value === "string") return value;
  if (typeof value === "number") return String(value);
  return Buffer.isBuffer(value) ? value.toString("utf8") : null;
}

function integer(value: string | null | undefined): number | null {
  if (value === null || value === undefined || !/^-?\d+$/.test(value)) return null;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : null;
}
