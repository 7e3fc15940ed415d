import { describe, expect, it } from "vitest";
import { parseEvent } from "../redis/events.ts";
import { decidedBy, hear, NOTHING_TOLD } from "./election.ts";

const MASTER = "master mymaster 127.0.0.1 6379";
const CHOSEN = "slave 127.0.0.1:6381 127.0.0.1 6381 @ mymaster 127.0.0.1 6379";

/** As a leading Sentinel of Redis 7.0.15 told it, in its order. */
const QUORUM = [
  `+sdown ${MASTER}`,
  `+odown ${MASTER} #quorum 2/2`,
  "+new-epoch 7",
  `+try-failover ${MASTER}`,
  "+vote-for-leader 0123 7",
  `+elected-leader ${MASTER}`,
  `+failover-state-select-slave ${MASTER}`,
  `+selected-slave ${CHOSEN}`,
];

function decided(lines: string[]) {
  const told = lines.reduce((before, line) => {
    const [channel = "", ...rest] = line.split(" ");
    return hear(before, "mymaster", parseEvent(channel, rest.join(" ")));
  }, NOTHING_TOLD);
  return decidedBy("redis-sentinel-2", told);
}

const DECIDED = {
  leader: "redis-sentinel-2",
  epoch: 7,
  from: { host: "127.0.0.1", port: 6379 },
  chosen: { host: "127.0.0.1", port: 6381 },
};

/** `QUORUM` with lines put in before its line `at`. */
const with_ = (at: number, ...lines: string[]) => [...QUORUM.slice(0, at), ...lines, ...QUORUM.slice(at)];

describe("a failover is decided", () => {
  it.each<[string, string[]]>([
    ["when its elected leader has chosen", QUORUM],
    ["until its leader has sent the order", [...QUORUM, `+failover-state-wait-promotion ${CHOSEN}`]],
    ["at its own epoch, though another candidate brings a later one", with_(5, "+new-epoch 8")],
    ["whatever happens to other masters", with_(6, "+switch-master other 127.0.0.1 1 127.0.0.1 2")],
    [
      "though an attempt before it failed",
      [...QUORUM.slice(0, 4), `-failover-abort-not-elected ${MASTER}`].concat(QUORUM.slice(2)),
    ],
  ])("%s", (_, lines) => {
    expect(decided(lines)).toEqual(DECIDED);
  });

  it.each<[string, string[]]>([
    ["before anything is told", []],
    ["before a leader is elected", QUORUM.filter((line) => !line.startsWith("+elected-leader"))],
    ["before a replica is chosen", QUORUM.slice(0, -1)],
    [
      "without an epoch, when we began to listen in its middle",
      QUORUM.filter((line) => !line.startsWith("+new-epoch")),
    ],
    ["when it was asked for: nobody found the master down", QUORUM.slice(2)],
    ["when the master was no longer down", with_(2, `-odown ${MASTER}`)],
    ["when it was given up", [...QUORUM, `-failover-abort-slave-timeout ${MASTER}`]],
    ["when nobody was good enough", [...QUORUM.slice(0, 7), `-failover-abort-no-good-slave ${MASTER}`]],
    ["once its leader has noticed the promotion", [...QUORUM, `+promoted-slave ${CHOSEN}`]],
    ["once the master is switched", [...QUORUM, "+switch-master mymaster 127.0.0.1 6379 127.0.0.1 6381"]],
    [
      "when it follows another's decision",
      [...QUORUM, `+config-update-from sentinel 01 127.0.0.1 26379 @ mymaster 127.0.0.1 6379`],
    ],
    ["of another master", QUORUM.map((line) => line.replaceAll("mymaster", "other"))],
  ])("not %s", (_, lines) => {
    expect(decided(lines)).toBeNull();
  });
});
