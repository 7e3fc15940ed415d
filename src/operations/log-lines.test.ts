import { describe, expect, it } from "vitest";
import { mergeByTime, parseLogLine, type LogLine } from "./log-lines.ts";

const at = (ms: number) => new Date(2026, 10, 23, 9, 2, 5, ms).getTime();
const parse = (text: string, previous: number | null = null) => parseLogLine("redis-master", text, previous);

describe("a log line", () => {
  it.each([
    ["77:M 23 Nov 2026 09:02:05.123 * Ready", { role: "master", level: "notice", pid: 77, message: "Ready" }],
    ["7:S 23 Nov 2026 09:02:05.123 # lost", { role: "replica", level: "warning", pid: 7, message: "lost" }],
    ["7:X 23 Nov 2026 09:02:05.123 - x", { role: "sentinel", level: "verbose" }],
    ["7:C 23 Nov 2026 09:02:05.123 . x", { role: "child", level: "debug" }],
    ["7:signal-handler (1700000000) Received SIGTERM", { time: null, role: null, stamped: false }],
  ])("of Redis is read: %s", (text, expected) => {
    expect(parse(text)).toMatchObject(expected);
  });

  it("has the local time with its milliseconds", () => {
    expect(parse("77:M 23 Nov 2026 09:02:05.123 * Ready").time).toBe(at(123));
  });

  it("of the start script has whole seconds", () => {
    expect(parse("23 Nov 2026 09:02:05 vedette[redis-master]: waits: no majority")).toEqual({
      node: "redis-master",
      time: at(0),
      pid: null,
      role: null,
      level: "notice",
      message: "waits: no majority",
      stamped: true,
    });
  });

  it("of the steward is in UTC", () => {
    const line = parse("2026-11-23T09:02:05.123Z node-up redis-slave-1 pid 7");
    expect(line).toMatchObject({
      time: Date.UTC(2026, 10, 23, 9, 2, 5, 123),
      message: "node-up redis-slave-1 pid 7",
    });
  });

  it.each(["------ STACK TRACE ------", "", "77:M 23 Foo 2026 09:02:05.123 * no such month"])(
    "of another form keeps the time before: %s",
    (text) => {
      expect(parse(text, 42)).toMatchObject({ time: 42, message: text, level: null, stamped: false });
    },
  );
});

describe("merging", () => {
  const line = (node: string, time: number | null, message: string): LogLine => ({
    ...parseLogLine(node, message, time),
  });
  const words = (nodes: LogLine[][]) => mergeByTime(nodes).map(({ message }) => message);

  it("goes by time over all nodes", () => {
    expect(
      words([
        [line("a", 1, "1"), line("a", 4, "4")],
        [line("b", 2, "2"), line("b", 3, "3")],
      ]),
    ).toEqual(["1", "2", "3", "4"]);
  });

  it("keeps a node's own order where its clock goes back or a time is missing", () => {
    const back = [line("a", 5, "a5"), line("a", 3, "a3"), line("a", null, "a-"), line("a", 7, "a7")];
    expect(words([back, [line("b", 4, "b4"), line("b", 6, "b6")]])).toEqual([
      "b4",
      "a5",
      "a3",
      "a-",
      "b6",
      "a7",
    ]);
  });
});
