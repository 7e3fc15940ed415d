import { describe, expect, it } from "vitest";
import { downAfterNow, withDownAfter } from "./down-after.ts";

describe("the down-after that is wanted now", () => {
  const pause = { since: 1_000_000, until: 1_600_000 };
  it.each([
    ["no pause", null, 1_200_000, 5000],
    ["in a pause: as long as the whole of it", pause, 1_000_000, 600_000],
    ["until its last millisecond", pause, 1_599_999, 600_000],
    ["after it", pause, 1_600_000, 5000],
    ["never less than without", { since: 1_000_000, until: 1_001_000 }, 1_000_500, 5000],
  ])("%s", (_, span, now, ms) => {
    expect(downAfterNow(5000, span, now)).toBe(ms);
  });
});

describe("a sentinel.conf with a down-after", () => {
  const conf = [
    "port 26379",
    "sentinel monitor shop 127.0.0.1 6379 2",
    "sentinel down-after-milliseconds shop 1800000",
    "sentinel down-after-milliseconds other 9000",
    'sentinel config-epoch "shop" 4',
    "",
  ].join("\n");

  it("changes the one line of this master and nothing else", () => {
    expect(withDownAfter(conf, "shop", 5000)).toBe(conf.replace("shop 1800000", "shop 5000"));
    const quoted = conf.replace("milliseconds shop", 'milliseconds "shop"');
    expect(withDownAfter(quoted, "shop", 5000)).toBe(quoted.replace("1800000", "5000"));
  });

  it("is the same text when nothing changes", () => {
    expect(withDownAfter(conf, "shop", 1_800_000)).toBe(conf);
  });

  it("adds the line that Sentinel leaves out for its own default, behind the monitor line", () => {
    const without = "sentinel monitor shop 127.0.0.1 6379 2\n";
    expect(withDownAfter(without, "shop", 5000)).toBe(
      `${without}sentinel down-after-milliseconds shop 5000\n`,
    );
  });
});
