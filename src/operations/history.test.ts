import { appendFileSync, mkdtempSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { rotateLog } from "../runtimes/state/log-files.ts";
import { appendHistory, readHistory, type HistoryEvent } from "./history.ts";

const event = (time: number): HistoryEvent => ({
  time,
  kind: "operation",
  cause: "up\ndone",
  by: "vedette up",
});

let file: string;
beforeEach(() => {
  file = join(mkdtempSync(join(tmpdir(), "vedette-history-")), "state", "history.jsonl");
});

describe("history", () => {
  it("is empty before anything happened", () => expect(readHistory(file)).toEqual([]));

  it("gives back what was written, oldest first, one line an event", () => {
    appendHistory(file, event(1));
    appendHistory(file, event(2));
    expect(readHistory(file)).toEqual([event(1), event(2)]);
  });

  it("goes on over the file that was moved aside when it was full", () => {
    appendHistory(file, event(1));
    expect(rotateLog(file, 10, 1)).toBe(true);
    appendHistory(file, event(2));
    expect(readHistory(file)).toEqual([event(1), event(2)]);
    rotateLog(file, 10, 1);
    expect(readHistory(file), "the oldest goes").toEqual([event(2)]);
  });

  it("is its owner's alone", () => {
    appendHistory(file, event(1));
    expect(statSync(file).mode & 0o077).toBe(0);
  });

  it("passes over what is damaged or foreign, and loses nothing that is written after it", () => {
    appendHistory(file, event(1));
    appendFileSync(file, '{"time":5}\n{"time":3,"ki'); // a power cut
    appendHistory(file, event(4));
    expect(readHistory(file)).toEqual([event(1), event(4)]);
  });
});
