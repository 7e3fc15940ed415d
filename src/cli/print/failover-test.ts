import type { Fault } from "../../operations/bring-back.ts";
import type { FailoverTest } from "../../operations/failover-record.ts";
import type { NodeId } from "../../topology/model.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { table } from "./table.ts";

const FAULTS: Record<Fault, string> = {
  kill: "kill its process (SIGKILL), as a crash does",
  stop: "stop it politely (SIGTERM), as people do",
  hang: "freeze its process (SIGSTOP), as overload does",
};

/** What the test is going to do, before it is asked for. `fast`: the steward will ask Sentinel at once. */
export function printFailoverPlan(
  master: NodeId,
  fault: Fault,
  expect: { downAfterMs: number; fast: boolean },
  colour: boolean,
): string {
  const pace = expect.fast
    ? "at once, since its process ends: the steward asks Sentinel"
    : `after about ${expect.downAfterMs / 1000} s of silence; writes fail until then`;
  const colours = coloursFor(colour);
  const back = fault === "hang" ? "let it go on" : "start it again";
  return [
    colours.bold("test-failover would"),
    `   1. write small keys through the Sentinels (vedette:test:failover:*), deleted afterwards`,
    `   2. take the master, ${master}, and ${FAULTS[fault]}`,
    `   3. watch the Sentinels name another master, ${pace}`,
    `   4. ${back}: it comes back as a replica of the new master`,
    "",
  ].join("\n");
}

/** The table that `vedette test-failover` ends with. */
export function printFailoverTest(test: FailoverTest, colour: boolean): string {
  const colours = coloursFor(colour);
  const { marks } = test;
  const steps: [string, number | null][] = [
    ["detected: a Sentinel holds it for down", marks.detectedMs],
    ["agreed: enough Sentinels do", marks.agreedMs],
    ["elected: one leads the failover", marks.electedMs],
    ["promoted: the leader sees the new master", marks.promotedMs],
    ["switched: a majority sends clients to it", marks.switchedMs],
    ["written: a client's first acknowledged write", marks.firstWriteMs],
    ["reconfigured: all other replicas follow it", marks.reconfiguredMs],
    ["back: the old master is in sync as a replica", marks.backMs],
  ];
  // What a failover did not need, such as a Sentinel's own detection, is no row of its story.
  const told = steps.filter(([, ms]) => ms !== null || test.after === null);
  const rows = told.map(([what, ms]) => [what, after(ms)]);
  return [
    "",
    ...table([{ title: "WHAT" }, { title: "AFTER", align: "right" }], rows),
    "",
    ...facts(test, colours),
    "",
  ].join("\n");
}

function facts(test: FailoverTest, colours: Colours): string[] {
  const { writes, before, after: now, missing } = test;
  const moved =
    now === null
      ? colours.red(`${before} is still the master: the Sentinels moved nothing`)
      : `master ${before} → ${colours.bold(now)}, epoch ${test.epochBefore ?? "-"} → ${test.epochAfter ?? "-"}`;
  const gap = writes.gapMs === null ? [] : [`no write was acknowledged for ${after(writes.gapMs)}`];
  const unwell = missing.map((line) => colours.yellow(`not back to where it was: ${line}`));
  return [moved, ...gap, loss(writes, colours), ...unwell];
}

function loss({ acknowledged, lost }: FailoverTest["writes"], colours: Colours): string {
  if (lost === null)
    return colours.yellow(`${acknowledged} writes were acknowledged; they could not be read back`);
  const text = `${lost} of ${acknowledged} acknowledged writes were lost`;
  return lost === 0 ? colours.green(text) : colours.red(text);
}

function after(ms: number | null): string {
  return ms === null ? "-" : `${(ms / 1000).toFixed(2)} s`;
}
