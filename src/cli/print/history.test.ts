import { expect, it } from "vitest";
import { seedCluster } from "../../../test/kit/cluster.ts";
import type { ClusterEvent } from "../../operations/cluster-event.ts";
import type { Failover } from "../../operations/failovers.ts";
import type { HistoryEvent } from "../../operations/history.ts";
import { parseEvent } from "../../redis/events.ts";
import { eventJson, eventPrinter, isWorthReading } from "./events.ts";
import { printFailovers } from "./failovers.ts";
import { historyJson } from "./history-json.ts";
import { printHistory, type Happening } from "./history.ts";

const AT = new Date(2026, 10, 23, 9, 30, 0).getTime();

const EVENTS: HistoryEvent[] = [
  { time: AT, kind: "operation", cause: "up: done", durationsMs: { total: 2412 }, by: "vedette up" },
  { time: AT + 60_000, kind: "node-down", node: "redis-master", cause: "ended by SIGKILL", by: "steward" },
  { time: AT + 61_000, kind: "node-up", node: "redis-master", cause: "pid 4711", by: "steward" },
  {
    time: AT + 90_000,
    kind: "gave-up",
    node: "redis-slave-3",
    cause: "it ended 6 times within 60 s",
    by: "steward",
  },
];

const TESTED: Failover = {
  kind: "failover",
  time: AT + 60_010,
  countedFrom: "fault",
  from: "redis-master",
  to: "redis-slave-1",
  epoch: 1,
  askedBy: "steward",
  cause:
    "its process ended, Sentinel was asked at once; test-failover (kill): 0 of 204 acknowledged writes lost",
  leader: "redis-sentinel-3",
  attempts: 1,
  durationsMs: {
    detected: 19,
    agreed: null,
    asked: 19,
    elected: 67,
    promoted: 239,
    switched: 256,
    firstWrite: 271.5,
    reconfigured: 257,
    back: 1549,
  },
  writeGapMs: 277.8,
  chosen: {
    rule: "offset",
    why: "equal priorities; most advanced offset (120 bytes ahead of redis-slave-3)",
    behindBytes: 20,
    candidates: [
      { node: "redis-slave-1", priority: 100, offset: 500, runId: "1f3a", linked: true, lagBytes: 20 },
      { node: "redis-slave-3", priority: 100, offset: 380, runId: "9bc2", linked: true, lagBytes: 140 },
    ],
  },
  sources: ["steward", "vedette test-failover", "redis-sentinel-3", "redis-slave-1"],
};

const NOTICED: Failover = {
  ...TESTED,
  time: AT + 300_000,
  countedFrom: "noticed",
  from: "redis-slave-1",
  to: "redis-slave-2",
  epoch: 2,
  askedBy: null,
  cause: "the Sentinels moved the master",
  leader: null,
  attempts: null,
  durationsMs: {
    detected: null,
    agreed: null,
    asked: null,
    elected: null,
    promoted: null,
    switched: null,
    firstWrite: null,
    reconfigured: null,
    back: null,
  },
  writeGapMs: null,
  chosen: { rule: null, why: null, behindBytes: null, candidates: null },
  sources: ["steward"],
};

const HAPPENINGS: Happening[] = [
  ...EVENTS.map((event) => ({ time: event.time, event })),
  ...[TESTED, NOTICED].map((failover) => ({ time: failover.time, failover })),
].sort((a, b) => a.time - b.time);

/** Golden files must be the same in every time zone. */
const inUtc = (text: string) =>
  text.replaceAll(/2026-11-2\dT[\d:.]+Z/g, (stamp) =>
    new Date(Date.parse(stamp) - AT).toISOString().slice(11),
  );

it("reads as the story of a cluster", async () => {
  await expect(printHistory(HAPPENINGS, false)).toMatchFileSnapshot("../../../test/golden/history.txt");
});

it("says so when there is none", () => {
  expect(printHistory([], false)).toBe("nothing has happened yet\n");
  expect(printFailovers([], false)).toBe("the master has never been moved\n");
});

it("tells of each failover what is known, with a timeline", async () => {
  await expect(printFailovers([TESTED, NOTICED], false)).toMatchFileSnapshot(
    "../../../test/golden/history-failovers.txt",
  );
});

it("is JSON of a documented form", async () => {
  await expect(`${inUtc(historyJson("mymaster", HAPPENINGS))}\n`).toMatchFileSnapshot(
    "../../../test/golden/history.json",
  );
});

const M = "mymaster 127.0.0.1";
const said = (ms: number, sentinel: string, channel: string, message: string): ClusterEvent => ({
  time: AT + ms,
  kind: "sentinel",
  sentinel,
  event: parseEvent(channel, message),
});

const STREAM: ClusterEvent[] = [
  ...EVENTS.slice(0, 1).map((event): ClusterEvent => ({ time: event.time, kind: "history", event })),
  said(0, "redis-sentinel-1", "+sdown", `master ${M} 6379`),
  said(12, "redis-sentinel-2", "+sdown", `master ${M} 6379`),
  said(300, "redis-sentinel-1", "+vote-for-leader", "id-of-2 1"),
  said(310, "redis-sentinel-1", "+switch-master", `${M} 6379 127.0.0.1 6380`),
  said(320, "redis-sentinel-1", "+tilt", "#tilt mode entered"),
  ...EVENTS.slice(1).map((event): ClusterEvent => ({ time: event.time, kind: "history", event })),
  { time: AT + 95_000, kind: "lost", sentinel: "redis-sentinel-3", reason: "the connection was closed" },
  { time: AT + 96_000, kind: "back", sentinel: "redis-sentinel-3" },
  {
    time: AT + 97_000,
    kind: "history",
    event: {
      time: AT + 97_000,
      kind: "failover",
      from: "redis-master",
      to: "redis-slave-1",
      epoch: 1,
      cause: "the Sentinels moved the master",
      by: "steward",
    },
  },
];

it("has events in words, each with who said it", async () => {
  const names = { topology: seedCluster().topology, voters: new Map([["id-of-2", "redis-sentinel-2"]]) };
  const print = eventPrinter(names, false);
  const text = STREAM.map((event) => `${print(event)}\n`).join("");
  await expect(text).toMatchFileSnapshot("../../../test/golden/events.txt");
});

it("has not every replica again after each switch, but has those that are new", () => {
  const slave = `slave 127.0.0.1:6381 127.0.0.1 6381 @ ${M} 6380`;
  const after = said(311, "redis-sentinel-1", "+slave", slave);
  const later = said(9_000, "redis-sentinel-1", "+slave", slave);
  const other = said(311, "redis-sentinel-2", "+slave", slave);
  expect([...STREAM, after, other, later].filter(isWorthReading())).toEqual([...STREAM, other, later]);
});

it("has events as JSON, one a line, as they were said", async () => {
  const text = STREAM.map((event) => `${inUtc(eventJson(event))}\n`).join("");
  await expect(text).toMatchFileSnapshot("../../../test/golden/events.jsonl");
});
