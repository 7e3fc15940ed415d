import { expect, it } from "vitest";
import type { HistoryEvent } from "../../operations/history.ts";
import { printHistory } from "./history.ts";

const AT = new Date(2026, 10, 23, 9, 30, 0).getTime();

const EVENTS: HistoryEvent[] = [
  { time: AT, kind: "operation", cause: "up: done", durationsMs: { total: 2412 }, by: "vedette up" },
  { time: AT + 60_000, kind: "node-down", node: "redis-master", cause: "ended by SIGKILL", by: "steward" },
  {
    time: AT + 60_250,
    kind: "failover",
    from: "redis-master",
    to: "redis-slave-1",
    epoch: 1,
    cause: "its process ended, Sentinel was asked at once",
    durationsMs: { asked: 2, promoted: 201.4, spread: 207 },
    by: "steward",
  },
  { time: AT + 61_000, kind: "node-up", node: "redis-master", cause: "pid 4711", by: "steward" },
  {
    time: AT + 90_000,
    kind: "gave-up",
    node: "redis-slave-3",
    cause: "it ended 6 times within 60 s",
    by: "steward",
  },
];

it("reads as the story of a cluster", async () => {
  await expect(printHistory(EVENTS, false)).toMatchFileSnapshot("../../../test/golden/history.txt");
});

it("says so when there is none", () => {
  expect(printHistory([], false)).toBe("nothing has happened yet\n");
});
