import { describe, expect, it } from "vitest";
import { parseLatencyHistory, parseLatencyLatest, parseMonitorLine, parseSlowlog } from "./slow.ts";

describe("the slow log", () => {
  it("is read entry by entry", () => {
    const reply = [
      [14, 1_700_000_000, 12_345, ["KEYS", "*"], "127.0.0.1:50000", "worker"],
      [13, 1_700_000_000, 1, ["GET", "a"], "127.0.0.1:50001", ""],
      [12, 1_600_000_000, 1, ["GET", "before 4.0"]],
      ["strange"],
    ];
    expect(parseSlowlog(reply)).toEqual([
      {
        id: 14,
        time: 1_700_000_000_000,
        micros: 12_345,
        command: ["KEYS", "*"],
        client: "127.0.0.1:50000",
        clientName: "worker",
      },
      {
        id: 13,
        time: 1_700_000_000_000,
        micros: 1,
        command: ["GET", "a"],
        client: "127.0.0.1:50001",
        clientName: null,
      },
      {
        id: 12,
        time: 1_600_000_000_000,
        micros: 1,
        command: ["GET", "before 4.0"],
        client: null,
        clientName: null,
      },
    ]);
  });

  it.each([null, "OK", [[]]])("that is %j has no entries", (reply) => {
    expect(parseSlowlog(reply)).toEqual([]);
  });
});

describe("latency events", () => {
  it("are read from LATEST and HISTORY", () => {
    expect(parseLatencyLatest([["command", 1_700_000_000, 120, 800], ["odd"]])).toEqual([
      { event: "command", time: 1_700_000_000_000, ms: 120 },
    ]);
    expect(
      parseLatencyHistory("fork", [
        [1_700_000_000, 5],
        [1_700_000_001, 7],
      ]),
    ).toEqual([
      { event: "fork", time: 1_700_000_000_000, ms: 5 },
      { event: "fork", time: 1_700_000_001_000, ms: 7 },
    ]);
  });
});

describe("a line of MONITOR", () => {
  it("is read with what is escaped in it", () => {
    expect(
      parseMonitorLine(String.raw`1700000000.123456 [2 127.0.0.1:50000] "SET" "k \"q\" \\" "\xc3\xa9\n" ""`),
    ).toEqual({
      time: 1_700_000_000_123,
      database: 2,
      client: "127.0.0.1:50000",
      command: ["SET", 'k "q" \\', "é\n", ""],
    });
  });

  it("may come from a script, or over a socket", () => {
    expect(parseMonitorLine('1700000000.5 [0 lua] "get" "a"')?.client).toBe("lua");
    expect(parseMonitorLine('1700000000.5 [0 [::1]:6379] "get" "a"')?.client).toBe("[::1]:6379");
  });

  it("of another form is none", () => {
    expect(parseMonitorLine("(error) NOAUTH Authentication required.")).toBeNull();
  });
});
