import { expect, it } from "vitest";
import { parseEvent } from "../redis/events.ts";
import { sentinelMarks, writeGap } from "./failover-marks.ts";

const OLD = { host: "127.0.0.1", port: 6379 };
const NEW = { host: "127.0.0.1", port: 6381 };

const heard = (at: number, channel: string, message: string, sentinel = "redis-sentinel-1") => ({
  sentinel,
  at,
  event: parseEvent(channel, message),
});
const ack = (number: number, at: number, by: typeof OLD) => ({ number, at, by });

it("takes the first of each event, of this master, after the fault", () => {
  const events = [
    heard(900, "+sdown", "master mymaster 127.0.0.1 6379"),
    heard(1500, "+sdown", "slave 127.0.0.1:6380 127.0.0.1 6380 @ mymaster 127.0.0.1 6379"),
    heard(2000.04, "+sdown", "master mymaster 127.0.0.1 6379", "redis-sentinel-2"),
    heard(2010, "+sdown", "master mymaster 127.0.0.1 6379"),
    heard(2100, "+odown", "master mymaster 127.0.0.1 6379 #quorum 2/2"),
    heard(2200, "+elected-leader", "master mymaster 127.0.0.1 6379"),
    heard(3000, "+promoted-slave", "slave 127.0.0.1:6381 127.0.0.1 6381 @ mymaster 127.0.0.1 6379"),
    heard(9000, "+sdown", "master mymaster 127.0.0.1 6381"),
  ];
  expect(sentinelMarks(events, OLD, 1000)).toEqual({
    detectedMs: 1000,
    agreedMs: 1100,
    electedMs: 1200,
    promotedMs: 2000,
  });
});

it("has no mark for what was not heard", () => {
  const marks = sentinelMarks([heard(5, "+sdown", "master mymaster 127.0.0.1 6381")], OLD, 0);
  expect(marks).toEqual({ detectedMs: null, agreedMs: null, electedMs: null, promotedMs: null });
});

it("measures the gap from the old master's last acknowledgement to the new one's first", () => {
  const acknowledged = [
    ack(1, 980, OLD),
    ack(2, 995, OLD),
    ack(3, 1010, OLD),
    ack(5, 4000, NEW),
    ack(6, 4010, NEW),
  ];
  expect(writeGap(acknowledged, OLD, 1000)).toEqual({ lastBeforeMs: 10, firstAfterMs: 3000, gapMs: 2990 });
});

it("has no gap while only the old master has acknowledged", () => {
  expect(writeGap([ack(1, 980, OLD)], OLD, 1000)).toEqual({
    lastBeforeMs: -20,
    firstAfterMs: null,
    gapMs: null,
  });
});

it("does not let a master that returns, and acknowledges later, shorten the gap", () => {
  const acknowledged = [ack(1, 990, OLD), ack(2, 3000, NEW), ack(3, 8000, OLD)];
  expect(writeGap(acknowledged, OLD, 1000).gapMs).toBe(2010);
});
