import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { VedetteError } from "../../errors.ts";
import { claim, isClaim, type Claim } from "../state/claims.ts";

/** Consecutive ports of 127.0.0.1. */
export interface PortBlock {
  first: number;
  release(): void;
}

/** Below the range that Linux gives to outgoing connections (32768 and up), above what services commonly use. */
const LOWEST = 20_000;
const HIGHEST = 31_999;
/** Ports are claimed in slices of this many. */
const SLICE = 10;
const TRIES = 200;

/**
 * Finds `count` consecutive free ports and claims them against every other caller of this user, until `release` or
 * the end of this process.
 *
 * The claim matters: a port that was free when we looked is still free for others until our node listens on it,
 * seconds later, and test runners start many clusters at the same moment.
 */
export async function claimPorts(count: number, now: number): Promise<PortBlock> {
  const slices = Math.ceil(count / SLICE);
  const last = Math.floor((HIGHEST + 1 - LOWEST) / SLICE) - slices;
  for (let tries = 0; tries < (last < 0 ? 0 : TRIES); tries++) {
    const first = LOWEST + SLICE * Math.floor(Math.random() * (last + 1));
    const block = claimSlices(first, slices, now);
    if (block === null) continue;
    const ports = Array.from({ length: count }, (_, offset) => first + offset);
    if ((await Promise.all(ports.map(isFree))).every(Boolean)) return block;
    block.release();
  }
  throw new VedetteError(`looking for ${count} consecutive free ports in ${LOWEST}-${HIGHEST}: found none`, {
    next: "stop what listens there, or set `redis.port` and `sentinel.port` yourself",
  });
}

function claimSlices(first: number, slices: number, now: number): PortBlock | null {
  const held: Claim[] = [];
  const release = () => {
    for (const each of held) each.release();
  };
  for (let slice = 0; slice < slices; slice++) {
    const result = claim(join(claimsDir(), String(first + slice * SLICE)), "ports", now);
    if (!isClaim(result)) {
      release();
      return null;
    }
    held.push(result);
  }
  return { first, release };
}

function claimsDir(): string {
  return join(tmpdir(), `vedette-ports-${process.getuid?.() ?? "all"}`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen({ host: "127.0.0.1", port, exclusive: true }, () => server.close(() => resolve(true)));
  });
}
