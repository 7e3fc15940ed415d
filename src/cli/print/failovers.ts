import type { FailoverTimes } from "../../operations/failover-times.ts";
import type { Failover } from "../../operations/failovers.ts";
import { coloursFor, type Colours } from "./colours.ts";
import { harmless, localStamp } from "./text.ts";
import { wrap, WIDTH } from "./table.ts";

/** `vedette history --failovers`: a short block each, oldest first, with what is known and nothing else. */
export function printFailovers(failovers: readonly Failover[], colour: boolean): string {
  if (failovers.length === 0) return "the master has never been moved\n";
  const colours = coloursFor(colour);
  return `${failovers.map((each) => block(each, colours)).join("\n\n")}\n`;
}

function block(failover: Failover, colours: Colours): string {
  const { kind, time, from, to, epoch } = failover;
  const moved = colours.bold(`${kind} ${from ?? "?"} → ${to ?? "?"}`);
  const facts = [
    ...fact("why", whyOf(failover)),
    ...fact("chosen", failover.chosen.why),
    ...fact("behind", behind(failover)),
    ...fact("no writes", failover.writeGapMs === null ? null : `for ${failover.writeGapMs} ms`),
    ...timeline(failover),
    ...fact("told by", failover.sources.join(", ")),
  ];
  return [
    `${localStamp(time)}  ${moved}${epoch === null ? "" : `, epoch ${epoch}`}`,
    ...facts.map((line) => harmless(line)),
  ].join("\n");
}

const LABEL_WIDTH = 12;

function fact(label: string, text: string | null): string[] {
  if (text === null || text === "") return [];
  const [first = "", ...more] = wrap(text, WIDTH - LABEL_WIDTH);
  return [
    `  ${label.padEnd(LABEL_WIDTH - 2)}${first}`,
    ...more.map((line) => " ".repeat(LABEL_WIDTH) + line),
  ];
}

function whyOf({ cause, askedBy, attempts, leader }: Failover): string {
  const asker =
    askedBy === null || askedBy === "sentinel"
      ? ""
      : askedBy === "unknown"
        ? "; nobody of ours asked for it"
        : `; asked by ${askedBy}`;
  const led = leader === null ? "" : `; led by ${leader}`;
  return `${cause}${asker}${led}${attempts !== null && attempts > 1 ? `, at attempt ${attempts}` : ""}`;
}

function behind({ chosen: { behindBytes } }: Failover): string | null {
  return behindBytes === null ? null : `about ${behindBytes} bytes, by the last look at the old master`;
}

const ZERO = {
  fault: (from: string) => `${from} fails`,
  detected: (from: string) => `a Sentinel holds ${from} for down`,
  asked: () => "a Sentinel is asked for a failover",
  noticed: () => "a new master is noticed",
};

function timeline(failover: Failover): string[] {
  const { countedFrom, durationsMs } = failover;
  const [from, to] = [failover.from ?? "the old master", failover.to ?? "the new master"];
  const words: Record<keyof FailoverTimes, string> = {
    detected: "it is detected",
    agreed: "a quorum of the Sentinels agrees",
    asked: "a Sentinel is asked for a failover",
    elected: "a Sentinel is elected to lead",
    promoted: `${to} is master`,
    switched: "a majority of the Sentinels names it",
    firstWrite: "the first write is acknowledged",
    reconfigured: "all other replicas follow it",
    back: `${from} is back as a replica`,
  };
  const marks = (Object.keys(words) as (keyof FailoverTimes)[])
    .filter((name) => name !== countedFrom)
    // Who asks for a failover has detected what it asks for.
    .filter((name) => name !== "detected" || durationsMs.detected !== durationsMs.asked)
    .flatMap((name) => {
      const ms = durationsMs[name];
      return ms === null ? [] : [{ ms, text: words[name] }];
    })
    .sort((a, b) => a.ms - b.ms);
  return [{ ms: 0, text: ZERO[countedFrom](from) }, ...marks].map(
    ({ ms, text }) => `  ${`${Math.round(ms)}`.padStart(8)} ms  ${text}`,
  );
}
