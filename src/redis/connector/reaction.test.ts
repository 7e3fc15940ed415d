import { describe, expect, it } from "vitest";
import { parseEvent } from "../events.ts";
import { CHANNELS, reactionTo, type Reaction } from "./reaction.ts";

const REPLICA = { host: "10.0.0.2", port: 6380 };
const SLAVE = "slave 10.0.0.2:6380 10.0.0.2 6380 @ mymaster 10.0.0.1 6379";

describe("what an event means for a client", () => {
  it.each<[string, string, Reaction | null]>([
    ["+failover-state-send-slaveof-noone", SLAVE, { do: "await", replica: REPLICA }],
    ["+failover-state-wait-promotion", SLAVE, { do: "await", replica: REPLICA }],
    ["+promoted-slave", SLAVE, { do: "await", replica: REPLICA }],
    ["+failover-state-reconf-slaves", "master mymaster 10.0.0.1 6379", { do: "ask" }],
    ["+config-update-from", "sentinel 0a1b 10.0.0.9 26379 @ mymaster 10.0.0.1 6379", { do: "ask" }],
    ["-failover-abort-slave-timeout", "master mymaster 10.0.0.1 6379", { do: "forget" }],
    ["+switch-master", "mymaster 10.0.0.1 6379 10.0.0.2 6380", { do: "move", master: REPLICA }],
    ["+switch-master", "other 10.0.0.1 6379 10.0.0.2 6380", null],
    ["+failover-state-wait-promotion", SLAVE.replace("mymaster", "other"), null],
    ["+failover-state-wait-promotion", "nonsense", null],
    ["+sdown", "master mymaster 10.0.0.1 6379", null],
    ["+slave", SLAVE, null],
  ])("%s %s", (channel, message, expected) => {
    expect(reactionTo(parseEvent(channel, message), "mymaster")).toEqual(expected);
  });

  it("is known for every channel that is subscribed to", () => {
    const messages = [SLAVE, "master mymaster 10.0.0.1 6379", "mymaster 10.0.0.1 6379 10.0.0.2 6380"];
    for (const channel of CHANNELS) {
      const reactions = messages.map((message) => reactionTo(parseEvent(channel, message), "mymaster"));
      expect(
        reactions.some((each) => each !== null),
        channel,
      ).toBe(true);
    }
  });
});
