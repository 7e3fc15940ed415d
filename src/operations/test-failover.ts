import { randomUUID } from "node:crypto";
import { VedetteError } from "../errors.ts";
import type { NodeId } from "../topology/model.ts";
import { assertCan, besideUs, namedMaster } from "./allowed.ts";
import type { Fault } from "./bring-back.ts";
import { candidatesFor } from "./candidates.ts";
import { look, underLease, withNode, type Context } from "./context.ts";
import { endPause } from "./end-pause.ts";
import { FailoverObserver } from "./failover-observer.ts";
import { rememberFailover, type FailoverTest } from "./failover-record.ts";
import { FailoverTrial } from "./failover-trial.ts";
import { assertRoom } from "./headroom.ts";
import type { HeardEvent } from "./sentinel-watch.ts";
import { TEST_PREFIX } from "./test-replication.ts";

export interface FailoverWish {
  fault: Fault;
  /** The master that the user was shown: if another one is named by now, the test is refused. */
  master: NodeId;
}

/** The name under which a test holds the lease: the steward reacts to its fault as it would to a real one. */
export const TEST_FAILOVER = "test-failover";

/** Some thousand small keys: bytes. */
const PROBE_BYTES = 4_000_000;

/** The cluster as the user is shown it before the test. Throws when the test is not allowed now. */
export async function beforeFailoverTest(
  ctx: Context,
): Promise<{ master: NodeId; voters: Map<string, NodeId> }> {
  const doing = `testing the failover of ${ctx.topology.name}`;
  const snapshot = await look(ctx);
  assertCan(ctx, snapshot, { operation: "testFailover" }, doing);
  return { master: namedMaster(ctx, snapshot, doing).id, voters: await votersOf(ctx) };
}

/** The id under which each Sentinel votes → its name. It is not the run id that its INFO shows. */
export async function votersOf(ctx: Context): Promise<Map<string, NodeId>> {
  const asked = await Promise.allSettled(
    ctx.topology.sentinel.nodes.map(async (node): Promise<[string, NodeId]> => {
      const id = await withNode(ctx, node, (redis) => redis.call("SENTINEL", "MYID"));
      return [String(id), node.id];
    }),
  );
  return new Map(asked.flatMap((each) => (each.status === "fulfilled" ? [each.value] : [])));
}

/**
 * Makes the master fail, watches the Sentinels move it under a writing client, and brings the old master back.
 *
 * Whatever happens, also when `signal` aborts, the fault is undone before this returns or throws. `onEvent` gets
 * what the Sentinels say as they say it, with ms since the fault.
 */
export async function testFailover(
  ctx: Context,
  wish: FailoverWish,
  onEvent: (heard: HeardEvent, ms: number) => void,
  signal: AbortSignal,
): Promise<FailoverTest> {
  const doing = `testing the failover of ${ctx.topology.name}`;
  return underLease(ctx, TEST_FAILOVER, async () => {
    await endPause(ctx, "vedette test-failover");
    const before = besideUs(await look(ctx));
    assertCan(ctx, before, { operation: "testFailover" }, doing);
    const old = namedMaster(ctx, before, doing);
    if (old.id !== wish.master) {
      throw new VedetteError(
        `${doing}: the master was ${wish.master} and is now ${old.id}; nothing was touched`,
      );
    }
    const next = "raise maxmemory, or delete keys, first";
    await withNode(ctx, old, (redis) => assertRoom(redis, PROBE_BYTES, doing, next));
    const observer = await FailoverObserver.begin(
      ctx,
      `${TEST_PREFIX}failover:${randomUUID().slice(0, 8)}:`,
      onEvent,
    );
    try {
      const test = await new FailoverTrial(ctx, wish.fault, old, before, observer, signal, doing).run();
      rememberFailover(ctx, test, {
        faultAt: Math.round(ctx.clock.now() - observer.sinceFault()),
        candidates: candidatesFor(old.id, before, before),
      });
      return test;
    } finally {
      await observer.end();
    }
  });
}
