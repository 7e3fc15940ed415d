import { up } from "../../src/operations/up.ts";
import type { Snapshot } from "../../src/cluster/snapshot.ts";
import { until } from "../../src/clock.ts";
import { LiveCluster } from "./live-cluster.ts";
import { Prober } from "./prober.ts";
import { generator } from "./random.ts";
import { Writer } from "./writer.ts";

export interface SoakResult {
  faults: string[];
  acknowledged: number;
  confirmed: number;
  /** Acknowledged but unconfirmed writes that are gone: what asynchronous replication may lose. */
  lostUnconfirmed: number;
}

const STEWARD = "steward";

/**
 * Kills one process at random, waits until the cluster is whole again, audits, and goes on until the time is up.
 *
 * The same seed kills the same processes in the same order. Throws at the first confirmed write that is lost,
 * at a second master that takes writes, and when a recovery takes too long.
 */
export async function soak(options: {
  seed: number;
  minutes: number;
  /** Kills nothing but masters: each one a failover. */
  mastersOnly?: boolean;
  say: (line: string) => void;
}): Promise<SoakResult> {
  const random = generator(options.seed);
  const end = Date.now() + options.minutes * 60_000;
  const faults: string[] = [];
  const cluster = await LiveCluster.create("supervise: { restarts: 50, window: 60s }");
  try {
    await cluster.up({ steward: true });
    await cluster.settled();
    const writer = new Writer(cluster).start();
    while (Date.now() < end) {
      await writer.wroteAgain();
      const { master, epoch } = await cluster.look();
      const victims = [...cluster.redis(), ...cluster.sentinels(), STEWARD];
      const drawn = victims[Math.floor(random() * victims.length)] ?? STEWARD;
      const victim = options.mastersOnly ? (master?.node ?? STEWARD) : drawn;
      const role = master?.node === victim ? " (master)" : "";
      const prober = new Prober(cluster).start();
      const begun = Date.now();
      await inject(cluster, victim);
      const after = await cluster.settled(120_000);
      await prober.stop();
      faults.push(victim);
      const moved = (after.epoch ?? 0) - (epoch ?? 0);
      const story = moved === 0 ? "" : `, config epoch +${moved}`;
      options.say(
        `${faults.length}. killed ${victim}${role}: whole again after ${Date.now() - begun} ms${story}`,
      );
      if (role === "" && moved !== 0)
        throw new Error(`the death of ${victim}, which was no master, moved the master`);
      const lost = await writer.lost();
      if (lost.length > 0)
        throw new Error(
          `${lost.length} confirmed writes are lost, first ${lost[0]}; ${replay(options.seed, faults)}`,
        );
      const second = prober.secondMasters();
      if (second.length > 0)
        throw new Error(
          `${second.join(", ")} took writes beside the master; ${replay(options.seed, faults)}`,
        );
    }
    await writer.stop();
    const lostUnconfirmed = (await writer.lost(true)).length;
    return {
      faults,
      acknowledged: writer.acknowledged.length,
      confirmed: writer.confirmed.length,
      lostUnconfirmed,
    };
  } catch (error) {
    throw new Error(`${replay(options.seed, faults)}\n${cluster.logs()}`, { cause: error });
  } finally {
    await cluster.destroy();
  }
}

async function inject(cluster: LiveCluster, victim: string): Promise<void> {
  if (victim === STEWARD) {
    const { pid } = await cluster.runtime.steward();
    if (pid === null) throw new Error("the steward was not running");
    process.kill(pid, "SIGKILL");
    await until(async () => !(await cluster.runtime.steward()).running, { deadlineMs: 5_000, everyMs: 10 });
    // Nobody watches now; the next `up` brings a steward that adopts what runs.
    await up(cluster.ctx, { force: null, steward: true });
    return;
  }
  const before = lifeOf(await cluster.look(), victim);
  await cluster.runtime.fault(victim, "kill");
  await cluster.eventually(
    `${victim} is back in a new life`,
    (now) => ![null, before].includes(lifeOf(now, victim)),
    60_000,
  );
}

/** The run id of a node or Sentinel that is up: another one after each start. */
function lifeOf(snapshot: Snapshot, id: string): string | null {
  const node = snapshot.nodes.find((each) => each.node === id && each.state === "up");
  return (node ?? snapshot.sentinels.find((each) => each.node === id && each.up))?.runId ?? null;
}

function replay(seed: number, faults: string[]): string {
  return `replay with SOAK_SEED=${seed}; faults so far: ${faults.join(", ") || "none"}`;
}
