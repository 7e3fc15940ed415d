import { randomUUID } from "node:crypto";
import { pauseSentence } from "../../cluster/pause.ts";
import type { Snapshot } from "../../cluster/snapshot.ts";
import { VedetteError } from "../../errors.ts";
import type { RedisNode } from "../../topology/model.ts";
import { assertCan, besideUs, namedMaster } from "../allowed.ts";
import { look, requireNode, underLease, withNode, type Context } from "../context.ts";
import { endPause } from "../end-pause.ts";
import { sentinelMarks, writeGap } from "../failover-marks.ts";
import { failoverDeadlineMs } from "../failover-trial.ts";
import { assertRoom } from "../headroom.ts";
import { TEST_PREFIX } from "../test-replication.ts";
import { dealParts } from "./cast.ts";
import { Faults } from "./faults.ts";
import { laneRecord, longestGap, promotions, secondMasterWrites, tally, throughput } from "./figures.ts";
import { drillLease } from "./lease.ts";
import type { DrillEvent, DrillRun, NodeAudit, ReadFigures, WriteFigures } from "./record.ts";
import type { Scenario } from "./scenario.ts";
import { Stage } from "./stage.ts";
import { DrillTrial, proveHealth, type Outcome } from "./trial.ts";
import { isOk, verdict } from "./verdict.ts";
import { diskDelayMs, WRITERS } from "./workload.ts";

export interface DrillWish {
  scenario: Scenario;
  /** Counted from 0: another run takes other nodes in turn. */
  run: number;
  /** So many replicas must confirm a write before it counts as acknowledged; 0 for none. */
  confirmBy: number;
}

/** Some ten thousand numbers in hashes: bytes. */
const WORKLOAD_BYTES = 8_000_000;
/** A Sentinel asks its nodes every 10 s; what it has not seen yet is no illness: ms. */
const HEALTH_DEADLINE_MS = 25_000;
const BUCKET_MS = 100;
/** Replicas must have everything before they are compared with the master: ms. */
const CATCH_UP_MS = 10_000;

/**
 * Practises one failure: proves health, lets clients write and read, makes the fault, waits for the recovery, audits
 * every node, and gives a verdict. `onEvent` gets the timeline as it happens.
 *
 * Whatever happens, also when `signal` aborts, every fault is taken back before this returns or throws.
 *
 * @throws VedetteError when the cluster is not fit for it (nothing was touched then), or when it was cut short
 */
export async function drill(
  ctx: Context,
  wish: DrillWish,
  onEvent: (event: DrillEvent) => void,
  signal: AbortSignal,
): Promise<DrillRun> {
  const doing = `drill ${wish.scenario.id} on ${ctx.topology.name}`;
  return underLease(ctx, drillLease(wish.scenario.id), async (token) => {
    await endPause(ctx, `vedette drill ${wish.scenario.id}`);
    const before = besideUs(await proveHealth(ctx, doing, HEALTH_DEADLINE_MS));
    refusePaused(before, doing);
    if (wish.scenario.needs.includes("candidate"))
      assertCan(ctx, before, { operation: "testFailover" }, doing);
    const old = namedMaster(ctx, before, doing);
    const next = "raise maxmemory, or delete keys, first";
    for (const node of ctx.topology.redis.nodes)
      await withNode(ctx, node, (redis) => assertRoom(redis, WORKLOAD_BYTES, doing, next));
    return perform(ctx, wish, { before, old, doing, token }, onEvent, signal);
  });
}

function refusePaused({ pause, observedAt }: Snapshot, doing: string): void {
  if (pause === null) return;
  throw new VedetteError(`${doing}: ${pauseSentence(pause, observedAt)}; nothing was touched`, {
    next: "vedette resume",
  });
}

async function perform(
  ctx: Context,
  { scenario, run, confirmBy }: DrillWish,
  { before, old, doing, token }: { before: Snapshot; old: RedisNode; doing: string; token: number },
  onEvent: (event: DrillEvent) => void,
  signal: AbortSignal,
): Promise<DrillRun> {
  const startedAt = ctx.clock.now();
  const begunAt = ctx.clock.monotonic();
  const parts = dealParts(ctx.topology, before, old.id, run);
  const limitMs = failoverDeadlineMs(ctx) + 30_000;
  const faults = new Faults(ctx, parts, old, limitMs, { token, signal }, (kind, node, text) =>
    stage.tell({ kind, node, text, channel: null }),
  );
  const prefix = `${TEST_PREFIX}drill:${randomUUID().slice(0, 8)}:`;
  const stage = new Stage(ctx, prefix, confirmBy, () => faults.passwords(), onEvent);
  stage.start();
  try {
    const outcome = await new DrillTrial(ctx, scenario, old, stage, faults, signal, doing).run();
    const endedAt = ctx.clock.monotonic();
    await stage.end();
    const { lostAt, ...seen } = await audit(ctx, stage, old, outcome, before);
    const checks = verdict(scenario, ctx.topology.slo, { ...seen, completed: outcome.completed });
    return {
      scenario: scenario.id,
      ok: isOk(checks),
      startedAt,
      durationMs: Math.round(endedAt - begunAt),
      before: { master: old.id, epoch: before.epoch },
      ...seen,
      checks,
      caveat: scenario.caveat,
      ...story(stage, begunAt, endedAt, lostAt),
    };
  } finally {
    await stage.end();
    await stage.workload.clean();
  }
}

/** Compares every node with what was acknowledged, and works the figures out. */
async function audit(ctx: Context, stage: Stage, old: RedisNode, outcome: Outcome, before: Snapshot) {
  const { workload } = stage;
  const { faultAt, missing } = outcome;
  const end = await caughtUp(ctx, workload.laneKey);
  const master = end.master?.node ?? null;
  const acknowledged = workload.all().toSorted((a, b) => a.at - b.at);
  const onMaster = master === null ? null : await workload.countOn(master);
  const nodes = await Promise.all(
    end.nodes.map(async ({ node, role, link }): Promise<NodeAudit> => {
      const count = node === master ? onMaster : await workload.countOn(node);
      return { node, role, link, missing: count?.missing.length ?? null };
    }),
  );
  const delay = diskDelayMs(ctx.topology);
  const gap = longestGap(
    acknowledged.map((each) => each.at),
    stage.zeroAt,
  );
  const failed = workload.failed().filter((each) => each.at >= stage.zeroAt);
  const writes: WriteFigures = {
    writers: WRITERS,
    acknowledged: acknowledged.length,
    failed: tally(failed.map((each) => each.reason)),
    confirmedBy: workload.confirmBy,
    lost: onMaster?.missing.length ?? null,
    lostOnDisk: onMaster?.missing.filter((each) => each.at < stage.zeroAt - delay).length ?? null,
    duplicated: onMaster?.twice ?? null,
    gapMs: gap?.ms ?? null,
    gapFromMs: gap === null ? null : stage.ms(gap.from),
  };
  const gone = new Set(onMaster?.missing.map((each) => `${each.key} ${each.number}`));
  const address = { host: old.host, port: old.port };
  return {
    lostAt: onMaster?.missing.map((each) => each.at) ?? [],
    after: { master, epoch: end.epoch },
    promoted: promotions(stage.switches, before.master?.node ?? old.id, master),
    promotedUnhealed: promotions(
      stage.switches.filter(({ at }) => at < stage.healedAt),
      old.id,
      null,
    ),
    marks: {
      ...sentinelMarks(stage.heard, address, faultAt),
      firstWriteMs: writeGap(acknowledged, address, faultAt).firstAfterMs,
      ...outcome.marks,
    },
    writes,
    reads: readFigures(stage, gone),
    secondMaster: secondMasterWrites(stage.accepted, stage.switches),
    nodes,
    missing,
  };
}

/** A lost write is never to be read: it says nothing of how stale a replica is. */
function readFigures({ workload }: Stage, lost: ReadonlySet<string>): ReadFigures {
  const { reads, unanswered } = workload.reads();
  const kept = reads.filter(({ key, number }) => !lost.has(`${key} ${number}`));
  return {
    reads: kept.length,
    stale: kept.filter((each) => each.staleMs > 0).length,
    maxStaleMs: kept.reduce((most, each) => Math.max(most, each.staleMs), 0),
    unanswered,
  };
}

function story(
  stage: Stage,
  from: number,
  to: number,
  lost: readonly number[],
): Pick<DrillRun, "events" | "throughput" | "lanes"> {
  const { zeroAt, workload, lanes } = stage;
  const acknowledged = workload.all().map((each) => each.at);
  const failed = workload.failed().map((each) => each.at);
  return {
    events: stage.events
      .filter(({ at }) => at >= zeroAt)
      .toSorted((a, b) => a.at - b.at)
      .map(({ at, event }) => ({ ms: stage.ms(at), ...event })),
    throughput: throughput(
      { acknowledged, lost, failed: failed.filter((at) => at >= zeroAt) },
      // A bucket begins with the fault: what was before it and what came after are not mixed.
      { from: zeroAt - BUCKET_MS * Math.floor((zeroAt - from) / BUCKET_MS), to, zeroAt },
      BUCKET_MS,
    ),
    lanes: lanes.map((lane) => laneRecord(lane.node, lane.stretches, { to, zeroAt })),
  };
}

/** A look at the cluster once every replica has what the master has. */
async function caughtUp(ctx: Context, key: string): Promise<Snapshot> {
  const snapshot = await look(ctx);
  const id = snapshot.master?.node ?? null;
  if (id === null) return snapshot;
  const replicas = snapshot.nodes.filter((each) => each.role === "replica" && each.state === "up").length;
  try {
    await withNode(ctx, requireNode(ctx.topology, id), async (redis) => {
      await redis.call("SET", key, "audit", "EX", 60);
      await redis.callWithin(2 * CATCH_UP_MS, "WAIT", replicas, CATCH_UP_MS);
    });
  } catch {
    // Then the audit itself tells what is missing where.
  }
  return look(ctx);
}
