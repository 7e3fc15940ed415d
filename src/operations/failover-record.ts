import type { NodeId } from "../topology/model.ts";
import type { Fault } from "./bring-back.ts";
import type { Candidate } from "./candidates.ts";
import type { Context } from "./context.ts";
import type { FailoverMarks, WriteGap } from "./failover-marks.ts";
import { appendHistory, historyFile } from "./history.ts";

/** What a test of the failover found. */
export interface FailoverTest {
  cluster: string;
  fault: Fault;
  /** Another node is master, takes writes, and the old one is back as its replica. */
  ok: boolean;
  before: NodeId;
  /** The master at the end; null when no failover came in time. */
  after: NodeId | null;
  epochBefore: number | null;
  epochAfter: number | null;
  marks: FailoverMarks;
  writes: WriteGap & {
    acknowledged: number;
    /** Acknowledged, and not on the master at the end. Null when they could not be read back. */
    lost: number | null;
  };
  /** What is still missing when the old master did not come back in time. */
  missing: string[];
  events: { ms: number; sentinel: NodeId; event: string; message: string }[];
}

/** Writes a failover that happened into the history; `faultAt` is wall clock ms. */
export function rememberFailover(
  ctx: Context,
  test: FailoverTest,
  { faultAt, candidates }: { faultAt: number; candidates: Candidate[] },
): void {
  if (test.after === null) return;
  const durations = Object.entries({ ...test.marks, writeGapMs: test.writes.gapMs }).flatMap(
    ([name, ms]): [string, number][] => (ms === null ? [] : [[name.replace(/Ms$/, ""), ms]]),
  );
  appendHistory(historyFile(ctx.topology), {
    time: ctx.clock.now(),
    kind: "failover",
    from: test.before,
    to: test.after,
    epoch: test.epochAfter,
    cause: `test-failover (${test.fault}): ${test.writes.lost ?? "unknown"} of ${test.writes.acknowledged} acknowledged writes lost`,
    faultAt,
    durationsMs: Object.fromEntries(durations),
    candidates,
    by: "vedette test-failover",
  });
}
