import { describe, expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import { InOrder, ofHistory, ofSentinelLog, type ClusterEvent } from "./cluster-event.ts";
import { parseLogLine } from "./log-lines.ts";

const back = (time: number): ClusterEvent => ({ time, kind: "back", sentinel: "redis-sentinel-1" });

describe("events of several sources", () => {
  it("come in the order of time, once nothing older can come any more", () => {
    const order = new InOrder(400);
    order.add(back(1_000));
    order.add(back(1_300));
    expect(order.ripe(1_350)).toEqual([]);
    order.add(back(900));
    expect(order.ripe(1_500)).toEqual([back(900), back(1_000)]);
    expect(order.ripe(1_500), "once only").toEqual([]);
    order.add(back(1_200));
    expect(order.ripe(Infinity)).toEqual([back(1_200), back(1_300)]);
  });
});

describe("an event from a file", () => {
  const { topology } = seedCluster();
  const line = (message: string) =>
    parseLogLine("redis-sentinel-1", `7:X 23 Nov 2026 12:33:33.696 # ${message}`, null);

  it("of a Sentinel's log is as it was published", () => {
    expect(ofSentinelLog(topology, line("+sdown master mymaster 127.0.0.1 6379"))).toMatchObject([
      { kind: "sentinel", sentinel: "redis-sentinel-1", event: { channel: "+sdown", kind: "instance" } },
    ]);
  });

  it.each([["+sdown master theirs 127.0.0.1 6379"], ["Sentinel ID is 3c88"], ["Next failover delay: …"]])(
    "is not there in: %s",
    (message) => expect(ofSentinelLog(topology, line(message))).toEqual([]),
  );

  it("of the history is what was written, and nothing where that is damaged", () => {
    const event = { time: 5, kind: "steward", cause: "started", by: "steward" };
    const read = (text: string) => ofHistory(parseLogLine("history", text, null));
    expect(read(JSON.stringify(event))).toEqual([{ time: 5, kind: "history", event }]);
    expect(read('{"time":5')).toEqual([]);
  });
});
