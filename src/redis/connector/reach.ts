import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls } from "node:tls";
import { connect } from "../client.ts";
import type { EventAddress } from "../events.ts";
import { RedisError } from "../redis-error.ts";
import type { NodeAccess } from "./settings.ts";

/**
 * What a node says of itself. `hidden` when it answers but may not tell (an ACL without ROLE, a wrong password): then
 * only the Sentinels' word is left, and ioredis reports what is wrong with the credentials.
 */
export type Role = "master" | "replica" | "hidden";

/** Throws RedisError when the node does not answer. */
export async function askRole(address: EventAddress, access: NodeAccess, deadlineMs: number): Promise<Role> {
  const { username, password, tls } = access;
  try {
    const node = await connect({ ...address, username, password, tls, deadlineMs, background: true });
    try {
      const reply = await node.call("ROLE");
      return Array.isArray(reply) && String(reply[0]) === "master" ? "master" : "replica";
    } finally {
      node.close();
    }
  } catch (error) {
    if (!(error instanceof RedisError)) throw error;
    if (error.kind === "auth" || error.reply === "NOPERM") return "hidden";
    throw error;
  }
}

/** A socket that is connected, through TLS if there is any. Rejects with the system's error or after the deadline. */
export function openSocket(address: EventAddress, access: NodeAccess, deadlineMs: number): Promise<Socket> {
  const { host, port } = address;
  const socket =
    access.tls === null ? connectPlain({ host, port }) : connectTls({ ...access.tls, host, port });
  return new Promise((resolve, reject) => {
    // Stays for good: an error between now and the moment in which ioredis listens must not be uncaught.
    socket.on("error", reject);
    socket.setTimeout(deadlineMs, () => {
      socket.destroy(new Error(`connecting to ${host}:${port} timed out after ${deadlineMs} ms`));
    });
    socket.once(access.tls === null ? "connect" : "secureConnect", () => {
      socket.setTimeout(0);
      socket.removeAllListeners("timeout");
      resolve(socket);
    });
  });
}
