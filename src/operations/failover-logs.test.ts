import { describe, expect, it } from "vitest";
import { clockShift } from "./failover-logs.ts";

const HOUR = 3_600_000;
const LINE = new Date(2026, 10, 23, 12).getTime();

describe("the clock of a log", () => {
  it.each([
    ["is ours", 3, 0],
    ["is ours, also of a line of the start script, which has whole seconds", 990, 0],
    ["is an hour behind", HOUR + 5, HOUR],
    ["is 5 h 45 min ahead", -5.75 * HOUR + 1, -5.75 * HOUR],
    ["says nothing when the file was written at another time (copied)", HOUR + 120_000, 0],
    ["says nothing beyond what time zones can be apart", 48 * HOUR, 0],
  ])("%s", (_, later, shift) => expect(clockShift(LINE, LINE + later)).toBe(shift));

  it("is ours where it has no line with a time", () => expect(clockShift(null, LINE)).toBe(0));
});
