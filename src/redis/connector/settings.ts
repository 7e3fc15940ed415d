import type { ConnectionOptions } from "node:tls";
import type { EventAddress } from "../events.ts";

/** What `sentinelConnector` needs to know; all that concerns the Redis nodes themselves stays ioredis' own options. */
export interface SentinelSettings {
  /** Where the Sentinels listen; the port is 26379 unless told otherwise. All of them, not one as a seed. */
  sentinels: readonly { host: string; port?: number }[];
  /** The master's name, as Sentinel knows it. */
  name: string;
  sentinelUsername?: string;
  sentinelPassword?: string;
  /** Options of node:tls for the Sentinels, or true for the system's authorities. The nodes have ioredis' `tls`. */
  sentinelTls?: ConnectionOptions | boolean;
  /** From the addresses that the Sentinels tell, `host:port`, to those under which this client reaches the nodes. */
  natMap?: NatMap;
  /** How long one node or Sentinel may take to answer: ms; 1000. */
  timeoutMs?: number;
  /** How long after a move that no majority has confirmed yet the Sentinels are asked again: ms; 3000. */
  recheckMs?: number;
}

export type NatMap =
  | Readonly<Record<string, { host: string; port: number }>>
  | ((address: string) => { host: string; port: number } | null | undefined);

/** How nodes are reached, from the options of the Redis instance. */
export interface NodeAccess {
  username: string | null;
  password: string | null;
  tls: ConnectionOptions | null;
  disconnectTimeoutMs: number;
}

const DISCONNECT_TIMEOUT_MS = 2_000;

/** The options that ioredis hands to a connector are those of its user, with its defaults filled in. */
export function nodeAccess(options: unknown): NodeAccess {
  const given: Record<string, unknown> =
    typeof options === "object" && options !== null ? { ...options } : {};
  const { username, password, tls, disconnectTimeout } = given;
  return {
    username: typeof username === "string" && username !== "" ? username : null,
    password: typeof password === "string" && password !== "" ? password : null,
    tls: typeof tls === "object" && tls !== null ? tls : tls === true ? {} : null,
    disconnectTimeoutMs: typeof disconnectTimeout === "number" ? disconnectTimeout : DISCONNECT_TIMEOUT_MS,
  };
}

/** Where this client finds the node that the Sentinels know under `address`. */
export function reachable(address: EventAddress, natMap: NatMap | undefined): EventAddress {
  const key = `${address.host}:${address.port}`;
  const mapped = typeof natMap === "function" ? natMap(key) : natMap?.[key];
  return mapped ?? address;
}

export function sameAddress(a: EventAddress | null, b: EventAddress | null): boolean {
  return a !== null && b !== null && a.host === b.host && a.port === b.port;
}
