import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseEvent } from "./events.ts";

describe("parseEvent", () => {
  it("reads a switch of masters", () => {
    expect(parseEvent("+switch-master", "mymaster 127.0.0.1 6379 127.0.0.1 6380")).toEqual({
      kind: "switch-master",
      channel: "+switch-master",
      name: "mymaster",
      from: { host: "127.0.0.1", port: 6379 },
      to: { host: "127.0.0.1", port: 6380 },
      raw: "mymaster 127.0.0.1 6379 127.0.0.1 6380",
    });
  });

  it("reads what concerns the master", () => {
    expect(parseEvent("+odown", "master mymaster 127.0.0.1 6379 #quorum 2/2")).toMatchObject({
      kind: "instance",
      instance: "master",
      address: { host: "127.0.0.1", port: 6379 },
      master: { name: "mymaster", address: { port: 6379 } },
      detail: "#quorum 2/2",
    });
  });

  it.each(["+selected-slave", "+promoted-slave", "+slave-reconf-done", "+sdown", "-sdown"])(
    "reads %s with the master that the replica belongs to",
    (channel) => {
      expect(
        parseEvent(channel, "slave 127.0.0.1:6380 127.0.0.1 6380 @ mymaster 127.0.0.1 6379"),
      ).toMatchObject({
        kind: "instance",
        channel,
        instance: "replica",
        name: "127.0.0.1:6380",
        address: { port: 6380 },
        master: { name: "mymaster", address: { host: "127.0.0.1", port: 6379 } },
        detail: null,
      });
    },
  );

  it("reads a Sentinel by its run id", () => {
    expect(parseEvent("+sdown", "sentinel 5be1 127.0.0.1 26380 @ mymaster 127.0.0.1 6379")).toMatchObject({
      instance: "sentinel",
      name: "5be1",
    });
  });

  it("reads the failover's other steps", () => {
    expect(parseEvent("+new-epoch", "12")).toEqual({
      kind: "epoch",
      channel: "+new-epoch",
      epoch: 12,
      raw: "12",
    });
    for (const channel of [
      "+try-failover",
      "+elected-leader",
      "-failover-abort-not-elected",
      "+failover-end",
    ]) {
      expect(parseEvent(channel, "master mymaster 127.0.0.1 6379")).toMatchObject({
        kind: "instance",
        channel,
      });
    }
    expect(parseEvent("+tilt", "#tilt mode entered")).toEqual({
      kind: "other",
      channel: "+tilt",
      raw: "#tilt mode entered",
    });
  });

  it("takes anything that has another form as `other`, and never throws", () => {
    expect(parseEvent("+switch-master", "mymaster 127.0.0.1 6379").kind).toBe("other");
    expect(parseEvent("+sdown", "slave a 127.0.0.1 6380 @ mymaster").kind).toBe("other");
    expect(parseEvent("+x", "constructor a 127.0.0.1 6380").kind).toBe("other");
    fc.assert(
      fc.property(fc.string(), fc.string(), (channel, raw) => {
        expect(parseEvent(channel, raw)).toMatchObject({ channel, raw });
      }),
    );
  });
});
