import { describe, expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import { failovers, type Failover } from "./failovers.ts";
import type { HistoryEvent } from "./history.ts";
import { parseLogLine, type LogLine } from "./log-lines.ts";

const { topology } = seedCluster();
const DAY = new Date(2026, 10, 23).getTime();
/** `12:33:34.001` on the day of all these logs: wall clock ms. */
const at = (clock: string) => {
  const [hours = "", minutes = "", seconds = ""] = clock.split(":");
  return DAY + Number(hours) * 3_600_000 + Number(minutes) * 60_000 + Math.round(Number(seconds) * 1_000);
};

const M = "mymaster 127.0.0.1";
const slave = (port: number, of: number) => `slave 127.0.0.1:${port} 127.0.0.1 ${port} @ ${M} ${of}`;

/** `12:33:34.001 +switch-master …`, a line each. */
function log(node: string, text: string): LogLine[] {
  const lines = text.trim().split("\n");
  return lines.map((line) => {
    const [, clock = "", message = ""] = /^\s*(\S+) (.*)$/.exec(line) ?? [];
    return parseLogLine(node, `77:X 23 Nov 2026 ${clock} # ${message}`, null);
  });
}

/** A crash at 12:33:32.074 with nobody but the Sentinels about, as Redis 7.0 logs it. */
const crash = {
  sentinels: [
    ...log(
      "redis-sentinel-1",
      `12:33:33.696 +sdown master ${M} 6379
       12:33:33.770 +new-epoch 1
       12:33:33.771 +vote-for-leader b727 1
       12:33:34.372 +config-update-from sentinel b727 127.0.0.1 26381 @ ${M} 6379
       12:33:34.372 +switch-master ${M} 6379 127.0.0.1 6380`,
    ),
    ...log(
      "redis-sentinel-2",
      `12:33:33.681 +sdown master ${M} 6379
       12:33:33.770 +new-epoch 1
       12:33:34.373 +switch-master ${M} 6379 127.0.0.1 6380`,
    ),
    ...log(
      "redis-sentinel-3",
      `12:33:33.714 +sdown master ${M} 6379
       12:33:33.767 +odown master ${M} 6379 #quorum 3/2
       12:33:33.767 +new-epoch 1
       12:33:33.767 +try-failover master ${M} 6379
       12:33:33.840 +elected-leader master ${M} 6379
       12:33:33.924 +selected-slave ${slave(6380, 6379)}
       12:33:34.318 +promoted-slave ${slave(6380, 6379)}
       12:33:35.317 -sdown master ${M} 6379
       12:33:36.512 +failover-end master ${M} 6379
       12:33:36.512 +switch-master ${M} 6379 127.0.0.1 6380`,
    ),
  ],
  nodes: [
    ...log(
      "redis-slave-1",
      `12:33:31.512 MASTER <-> REPLICA sync: Finished with success
       12:33:32.076 Connection with master lost.
       12:33:34.001 Setting secondary replication ID to e2ad, valid up to offset: 429. New replication ID is acff
       12:33:34.001 MASTER MODE enabled (user request from 'id=44 name=sentinel-b727-cmd')`,
    ),
    ...log(
      "redis-slave-2",
      `12:33:32.075 Connection with master lost.
       12:33:34.372 Connecting to MASTER 127.0.0.1:6380
       12:33:34.373 Trying a partial resynchronization (request e2ad:309).
       12:33:34.374 Successful partial resynchronization with master.`,
    ),
    ...log(
      "redis-slave-3",
      `12:33:32.074 Connection with master lost.
       12:33:34.600 Connecting to MASTER 127.0.0.1:6379
       12:33:34.700 Successful partial resynchronization with master.
       12:33:35.401 Connecting to MASTER 127.0.0.1:6380
       12:33:35.402 Trying a partial resynchronization (request e2ad:429).
       12:33:35.405 Successful partial resynchronization with master.`,
    ),
    ...log(
      "redis-master",
      `12:33:34.487 Connecting to MASTER 127.0.0.1:6380
       12:33:35.263 MASTER <-> REPLICA sync: Finished with success`,
    ),
  ],
};

const NOTHING = { sentinels: [], nodes: [] };
const told = (events: HistoryEvent[], logs: { sentinels: LogLine[]; nodes: LogLine[] }) =>
  failovers(topology, { events, ...logs });
const only = (found: Failover[]): Failover => {
  expect(found).toHaveLength(1);
  const [one] = found;
  if (one === undefined) throw new Error("none");
  return one;
};

const moved = (time: string, more: Partial<HistoryEvent> = {}): HistoryEvent => ({
  time: at(time),
  kind: "failover",
  from: "redis-master",
  to: "redis-slave-1",
  epoch: 1,
  cause: "the Sentinels moved the master",
  by: "steward",
  ...more,
});

describe("a failover that nobody but Sentinels and nodes logged", () => {
  it("is told with all times, counted from the moment in which the replicas lost their master", () => {
    expect(only(told([], crash))).toMatchObject({
      kind: "failover",
      time: at("12:33:32.076"),
      countedFrom: "fault",
      from: "redis-master",
      to: "redis-slave-1",
      epoch: 1,
      askedBy: "sentinel",
      cause: "the Sentinels heard nothing of redis-master (3 agreed, 2 had to)",
      leader: "redis-sentinel-3",
      attempts: 1,
      durationsMs: {
        detected: 1605,
        agreed: 1691,
        asked: null,
        elected: 1764,
        promoted: 1925,
        switched: 2296,
        firstWrite: null,
        reconfigured: 3329,
        back: 3187,
      },
      writeGapMs: null,
    });
  });

  it("has the offsets that the nodes logged, and does not invent priorities", () => {
    const { chosen } = only(told([], crash));
    expect(chosen.candidates?.map(({ node, offset, priority }) => [node, offset, priority])).toEqual([
      ["redis-slave-1", 428, null],
      ["redis-slave-2", 308, null],
      ["redis-slave-3", 428, null],
    ]);
    expect(chosen).toMatchObject({ rule: null, behindBytes: null });
    expect(chosen.why).toContain("priorities not known");
  });

  it("is told while its leader has not yet ended it", () => {
    const running = crash.sentinels.filter(
      (line) => line.node === "redis-sentinel-3" && (line.time ?? 0) < at("12:33:36"),
    );
    const found = only(told([], { ...crash, sentinels: running }));
    expect(found).toMatchObject({ epoch: 1, to: "redis-slave-1", leader: "redis-sentinel-3" });
    expect(found.durationsMs.switched, "one Sentinel is no majority").toBeNull();
  });

  it("has no time of reconfiguration when a replica never followed", () => {
    const nodes = crash.nodes.filter((line) => line.node !== "redis-slave-2");
    expect(only(told([], { ...crash, nodes })).durationsMs.reconfigured).toBeNull();
  });

  it("is counted from its detection when no replica lost its link (a hang)", () => {
    const nodes = crash.nodes.filter((line) => !line.message.startsWith("Connection"));
    const found = only(told([], { ...crash, nodes }));
    expect(found).toMatchObject({ countedFrom: "detected", time: at("12:33:33.681") });
    expect(found.durationsMs).toMatchObject({ detected: 0, promoted: 320 });
  });

  it("does not take a link lost long before for its beginning", () => {
    const nodes = log("redis-slave-2", "12:20:00.000 Connection with master lost.");
    expect(only(told([], { ...crash, nodes })).countedFrom).toBe("detected");
  });

  it("is one, also when a Sentinel heard of a later epoch before it heard of the switch", () => {
    const sentinels = crash.sentinels.flatMap((line) =>
      line.node === "redis-sentinel-1" && line.message.startsWith("+config")
        ? log(line.node, "12:33:34.000 +new-epoch 2")
        : [line],
    );
    expect(only(told([], { ...crash, sentinels })).epoch).toBe(1);
  });

  it("is one, also when a Sentinel was down and hears of it an hour later", () => {
    const late = log(
      "redis-sentinel-2",
      `13:33:34.000 +new-epoch 1
       13:33:34.001 +switch-master ${M} 6379 127.0.0.1 6380`,
    );
    const sentinels = [...crash.sentinels.filter((line) => line.node !== "redis-sentinel-2"), ...late];
    expect(only(told([], { ...crash, sentinels })).durationsMs.switched).toBe(2296);
  });

  it("of another master is not ours", () => {
    const sentinels = crash.sentinels.map((line) => ({
      ...line,
      message: line.message.replaceAll("mymaster", "theirs"),
    }));
    expect(told([], { sentinels, nodes: [] })).toEqual([]);
  });
});

describe("several sources of one failover", () => {
  it("that the steward only noticed, hours later and with an older master in mind, are one", () => {
    const found = only(told([moved("17:00:00", { from: "redis-slave-3" })], crash));
    expect(found).toMatchObject({
      from: "redis-master",
      time: at("12:33:32.076"),
      askedBy: "sentinel",
      cause: "the Sentinels heard nothing of redis-master (3 agreed, 2 had to)",
      sources: ["steward", "redis-sentinel-3", "redis-sentinel-1", "redis-sentinel-2", "redis-slave-1"],
    });
  });

  const asked = moved("12:33:34.500", {
    askedAt: at("12:33:32.100"),
    durationsMs: { asked: 2, promoted: 235, spread: 242 },
    cause: "its process ended, Sentinel was asked at once",
    candidates: [
      { node: "redis-slave-1", priority: 100, offset: 500, runId: "a", linked: true, lagBytes: 20 },
      { node: "redis-slave-2", priority: 100, offset: 380, runId: "b", linked: true, lagBytes: 140 },
    ],
  });
  const tested = moved("12:33:40", {
    faultAt: at("12:33:32.070"),
    durationsMs: { firstWrite: 271.5, switched: 268.9, reconfigured: 271.1, back: 2057.6, writeGap: 277.8 },
    cause: "test-failover (kill): 0 of 204 acknowledged writes lost",
    by: "vedette test-failover",
  });

  it("that the steward asked for and a test caused are one", () => {
    const found = only(told([asked, tested], NOTHING));
    expect(found).toMatchObject({
      time: at("12:33:32.070"),
      countedFrom: "fault",
      askedBy: "steward",
      cause:
        "its process ended, Sentinel was asked at once; test-failover (kill): 0 of 204 acknowledged writes lost",
      durationsMs: {
        detected: 30,
        agreed: null,
        asked: 30,
        elected: null,
        promoted: 265,
        switched: 268.9,
        firstWrite: 271.5,
        reconfigured: 271.1,
        back: 2057.6,
      },
      writeGapMs: 277.8,
      chosen: {
        rule: "offset",
        why: "equal priorities; most advanced offset (120 bytes ahead of redis-slave-2)",
        behindBytes: 20,
      },
      sources: ["steward", "vedette test-failover"],
    });
  });

  it("that a test caused with nobody to ask was Sentinel's own", () => {
    const found = only(told([tested], crash));
    expect(found).toMatchObject({
      askedBy: "sentinel",
      cause:
        "the Sentinels heard nothing of redis-master (3 agreed, 2 had to); test-failover (kill): 0 of 204 acknowledged writes lost",
      time: at("12:33:32.070"),
    });
    expect(found.durationsMs).toMatchObject({ promoted: 1931, firstWrite: 271.5 });
  });

  it("one of them a switchover, are a switchover that its command asked for", () => {
    const switched = moved("12:33:35", {
      kind: "switchover",
      durationsMs: { paused: 120 },
      cause: "maintenance",
      by: "vedette switchover",
    });
    const sentinels = [
      ...log("redis-sentinel-3", "12:33:33.700 Executing user requested FAILOVER of 'mymaster'"),
      ...crash.sentinels.filter((line) => !line.message.includes("down")),
    ];
    const found = only(told([moved("12:33:36"), switched], { ...crash, sentinels }));
    expect(found).toMatchObject({
      kind: "switchover",
      askedBy: "vedette switchover",
      cause: "maintenance",
      countedFrom: "asked",
      time: at("12:33:33.700"),
      writeGapMs: 120,
    });
    expect(found.durationsMs).toMatchObject({ asked: 0, promoted: 301 });
  });
});

describe("who asked", () => {
  const sentinels = [
    ...log("redis-sentinel-3", "12:33:33.700 Executing user requested FAILOVER of 'mymaster'"),
    ...crash.sentinels.filter((line) => !line.message.includes("down")),
  ];

  it("is unknown when it was nobody of ours", () => {
    expect(only(told([], { sentinels, nodes: [] }))).toMatchObject({
      askedBy: "unknown",
      cause: "SENTINEL FAILOVER was sent",
      countedFrom: "asked",
    });
  });

  it("is the operation that was under way", () => {
    const operation: HistoryEvent = {
      time: at("12:33:50"),
      kind: "operation",
      cause: "up: done",
      durationsMs: { total: 20_000 },
      by: "vedette up",
    };
    expect(only(told([operation], { sentinels, nodes: [] })).askedBy).toBe("vedette up");
  });
});

describe("several failovers", () => {
  it("between the same two nodes within seconds are told apart by their epochs", () => {
    const there = (epoch: number, clock: string) => moved(clock, { epoch });
    const back = moved("12:33:36", { epoch: 2, from: "redis-slave-1", to: "redis-master" });
    const found = told([there(1, "12:33:34"), back, there(3, "12:33:38")], crash);
    expect(found.map(({ epoch, to }) => [epoch, to])).toEqual([
      [1, "redis-slave-1"],
      [2, "redis-master"],
      [3, "redis-slave-1"],
    ]);
    expect(found[0]?.leader).toBe("redis-sentinel-3");
    expect(found[2]).toMatchObject({ leader: null, countedFrom: "noticed", askedBy: null });
  });

  it("without epochs are one when they are told of at the same time", () => {
    expect(told([moved("12:33:34", { epoch: null })], crash)).toHaveLength(1);
    expect(told([moved("12:43:34", { epoch: null })], crash)).toHaveLength(2);
  });

  it("that moved nobody are none", () => {
    expect(told([moved("12:33:34", { kind: "switchover", to: null })], NOTHING)).toEqual([]);
  });

  it("that failed are counted as attempts of the one that did not", () => {
    const sentinels = [
      ...log(
        "redis-sentinel-3",
        `12:33:20.000 +sdown master ${M} 6379
         12:33:20.010 +new-epoch 0
         12:33:20.010 +try-failover master ${M} 6379
         12:33:30.000 -failover-abort-not-elected master ${M} 6379`,
      ),
      ...crash.sentinels,
    ];
    expect(only(told([], { sentinels, nodes: [] }))).toMatchObject({
      attempts: 2,
      epoch: 1,
      time: at("12:33:20"),
      countedFrom: "detected",
    });
  });
});
