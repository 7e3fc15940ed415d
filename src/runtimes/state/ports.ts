import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { errorCode } from "../../errors.ts";
import type { ClusterNode } from "../../topology/model.ts";

/** A port that a node needs and somebody else has. */
export interface TakenPort {
  node: ClusterNode;
  host: string;
  /** The owner as people know it, `redis-server (pid 812)`, or null when it may not be seen. */
  owner: string | null;
  error: string;
}

/** Tries every address that `nodes` would listen on, and gives those that cannot be had. */
export async function takenPorts(nodes: readonly ClusterNode[]): Promise<TakenPort[]> {
  const tries = nodes.flatMap((node) => node.bind.map((host) => tryListen(node, host)));
  return (await Promise.all(tries)).filter((taken) => taken !== null);
}

function tryListen(node: ClusterNode, bind: string): Promise<TakenPort | null> {
  // `-::1` is an address that need not exist; `*` and `::*` are Redis' wildcards.
  const optional = bind.startsWith("-");
  const bare = bind.replace(/^-/, "");
  const host = bare === "*" ? "0.0.0.0" : bare === "::*" ? "::" : bare;
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error) => {
      const inUse = errorCode(error) === "EADDRINUSE";
      if (optional && !inUse) return resolve(null);
      return resolve({ node, host, owner: inUse ? portOwner(node.port) : null, error: error.message });
    });
    // As Redis does: its IPv6 sockets leave IPv4 alone.
    server.listen({ host, port: node.port, exclusive: true, ipv6Only: true }, () =>
      server.close(() => resolve(null)),
    );
  });
}

/** As a sentence for whoever would start the node. */
export function portSentence({ node, host, owner, error }: TakenPort): string {
  const needs = `${node.id} needs ${host}:${node.port}`;
  return owner === null ? `${needs}: ${error}` : `${needs}, which ${owner} has`;
}

/** Who listens on a TCP port of this machine, as `command (pid N)`. */
export function portOwner(port: number): string | null {
  return process.platform === "linux" ? ownerByProc(port) : ownerByLsof(port);
}

function ownerByProc(port: number): string | null {
  const inodes = new Set(
    ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((table) => listeningInodes(table, port)),
  );
  if (inodes.size === 0) return null;
  for (const pid of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    if (openSockets(pid).some((inode) => inodes.has(inode))) return `${commandOf(pid)} (pid ${pid})`;
  }
  return null;
}

/** Rows of /proc/net/tcp in state 0A (LISTEN) whose local port matches; the tenth column is the inode. */
function listeningInodes(table: string, port: number): string[] {
  const wanted = port.toString(16).toUpperCase().padStart(4, "0");
  return read(table)
    .split("\n")
    .map((row) => row.trim().split(/\s+/))
    .filter((row) => row[1]?.endsWith(`:${wanted}`) && row[3] === "0A")
    .map((row) => row[9] ?? "");
}

function openSockets(pid: string): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const target = readLink(`/proc/${pid}/fd/${fd}`);
      return target.startsWith("socket:[") ? [target.slice(8, -1)] : [];
    });
  } catch {
    return []; // another user's process, or one that has just ended
  }
}

function commandOf(pid: string): string {
  return (
    read(`/proc/${pid}/cmdline`).replaceAll("\0", " ").trim() ||
    read(`/proc/${pid}/comm`).trim() ||
    "a process"
  );
}

function ownerByLsof(port: number): string | null {
  try {
    const out = execFileSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-Fpc"], { encoding: "utf8" });
    const pid = /^p(\d+)$/m.exec(out)?.[1];
    return pid === undefined ? null : `${/^c(.+)$/m.exec(out)?.[1] ?? "a process"} (pid ${pid})`;
  } catch {
    return null;
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
