import { afterEach, describe, expect, it, vi } from "vitest";
import { completions } from "./completions.ts";

const known = {
  redis: ["redis-master", "redis-slave-1"],
  sentinels: ["redis-sentinel-1"],
  files: ["vedette.yaml"],
};

afterEach(() => vi.restoreAllMocks());

/** What is offered in place of the last word. */
function offered(...words: string[]): string[] {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => void lines.push(line));
  completions(known).parse(words);
  return lines.slice(0, -1).map((line) => line.split("\t")[0] ?? "");
}

describe("completion offers", () => {
  it.each<[string[], string[]]>([
    [["connect-"], ["connect-master", "connect-slave-1", "connect-sentinel-1"]],
    [
      ["connect", "redis-s"],
      ["redis-slave-1", "redis-sentinel-1"],
    ],
    [
      ["connect", "--role", ""],
      ["master", "replica"],
    ],
    [["connect", "--role=r"], ["replica"]],
    [
      ["test-failover", "--fault", ""],
      ["kill", "stop", "hang"],
    ],
    [
      ["start", ""],
      ["redis-master", "redis-slave-1", "redis-sentinel-1"],
    ],
    [
      ["up", "--force-master", ""],
      ["redis-master", "redis-slave-1"],
    ],
    [
      ["monitor", ""],
      ["redis-master", "redis-slave-1"],
    ],
    [["logs", "--follow", "redis-master", "ste"], ["steward"]],
    [["config", ""], ["show"]],
    [["config", "show", "--js"], ["--json"]],
    [["service", "install", "--pr"], ["--print"]],
    [["-f", ""], ["vedette.yaml"]],
    [["-f", "vedette.yaml", "monitor", "redis-m"], ["redis-master"]],
    [["status", "--wa"], ["--watch"]],
    [["completion", "z"], ["zsh"]],
  ])("%j: %j", (words, expected) => {
    expect(offered(...words)).toEqual(expected);
  });

  it("every command at the beginning, each once", () => {
    const words = offered("");
    expect(words).toEqual([...new Set(words)]);
    expect(words).toEqual(expect.arrayContaining(["up", "down", "config", "service", "connect-slave-1"]));
    expect(words).not.toContain("complete");
  });
});
