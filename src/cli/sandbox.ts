import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../clock.ts";
import { context, type Context } from "../operations/context.ts";
import { up } from "../operations/up.ts";
import { claimPorts, type PortBlock } from "../runtimes/local/free-ports.ts";
import { LocalRuntime } from "../runtimes/local/local-runtime.ts";
import { readPassword } from "../runtimes/state/password.ts";
import { mountSmallDisk, ThrowAway } from "../runtimes/local/throw-away.ts";
import { loadTopology } from "../topology/load.ts";
import type { Topology } from "../topology/model.ts";
import { sandboxTopology } from "../topology/sandbox.ts";

/** Room for each node's data where a full disk is practised: MB. */
const SMALL_DISK_MB = 64;

export interface Sandbox {
  ctx: Context;
  /** Every node's data is on a small file system of its own. */
  smallDisk: boolean;
  /** Ends every process and deletes everything. */
  end(): Promise<void>;
}

/**
 * Starts a throw-away copy of a cluster (the same topology, free ports, a temporary directory, a steward). Should this
 * process end without `end`, however that happens, the copy ends with it.
 */
export async function startSandbox(
  topology: Topology,
  wishes: { smallDisk: boolean },
  report: (line: string) => void,
): Promise<Sandbox> {
  if (topology.runtime !== "local") report("the copy runs as processes of this machine, not in containers");
  const dir = mkdtempSync(join(tmpdir(), "vedette-sandbox-"));
  let ports: PortBlock | null = null;
  let place: ThrowAway | null = null;
  try {
    ports = await claimPorts(topology.redis.nodes.length + topology.sentinel.nodes.length, systemClock.now());
    const ctx = openCopy(topology, dir, ports.first, report);
    place = await ThrowAway.guard(dir, ports, ctx.runtime);
    const smallDisk = wishes.smallDisk && ctx.topology.redis.nodes.every(hasSmallDisk);
    await up(ctx, { force: null, steward: true });
    const made = place;
    return { ctx, smallDisk, end: () => made.end() };
  } catch (error) {
    if (place === null) {
      ports?.release();
      rmSync(dir, { recursive: true, force: true });
    } else await place.end();
    throw error;
  }
}

function openCopy(topology: Topology, dir: string, firstPort: number, report: (line: string) => void) {
  const file = join(dir, "vedette.yaml");
  const text = topology.file === null ? "" : readFileSync(topology.file, "utf8");
  writeFileSync(file, sandboxTopology(text, topology, firstPort), { mode: 0o600 });
  const copy = loadTopology(file, dir).topology;
  const password = readPassword(copy);
  const runtime = new LocalRuntime(copy, password);
  return { ...context(copy, runtime, password, report), runtime };
}

function hasSmallDisk({ dataDir }: { dataDir: string }): boolean {
  return mountSmallDisk(dataDir, SMALL_DISK_MB);
}
