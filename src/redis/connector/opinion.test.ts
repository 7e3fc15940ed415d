import { describe, expect, it } from "vitest";
import { beingPromoted, chooseMaster, isConfirmed, toOpinion, type Opinion } from "./opinion.ts";

const A = { host: "10.0.0.1", port: 6379 };
const B = { host: "10.0.0.2", port: 6379 };
const says = (master: typeof A, epoch: number, promoting: typeof A | null = null): Opinion => ({
  master,
  epoch,
  promoting,
});

describe("the master according to the Sentinels", () => {
  it.each<[string, Opinion[], typeof A | null]>([
    ["nobody answers", [], null],
    ["all agree", [says(A, 1), says(A, 1), says(A, 1)], A],
    ["two are at an older epoch", [says(A, 1), says(A, 1), says(B, 2)], B],
    ["they differ at one epoch: most votes", [says(A, 2), says(B, 2), says(B, 2)], B],
    ["they are even: the first of the list", [says(B, 2), says(A, 2)], B],
    ["one that tells no epoch does not overrule", [says(B, -1), says(A, 0)], A],
    ["one that tells no epoch is better than nobody", [says(B, -1)], B],
  ])("when %s", (_, opinions, expected) => {
    expect(chooseMaster(opinions)).toEqual(expected);
  });

  it("knows the replica that a leader promotes", () => {
    expect(beingPromoted([says(A, 1), says(A, 1, B)])).toEqual(B);
    expect(beingPromoted([says(A, 1)])).toBeNull();
  });

  it.each<[string, Opinion[], boolean]>([
    ["a majority of all at the newest epoch", [says(B, 2), says(B, 2)], true],
    ["one of three", [says(B, 2)], false],
    ["two of three, one of them behind", [says(B, 2), says(B, 1)], false],
    ["two that are overruled by a newer epoch", [says(B, 2), says(B, 2), says(A, 3)], false],
    ["nobody", [], false],
  ])("confirms a master by %s", (_, opinions, expected) => {
    expect(isConfirmed(B, opinions, 3)).toBe(expected);
  });
});

describe("the replies of a Sentinel", () => {
  const master = { host: "10.0.0.1", port: 6379, configEpoch: 3 };
  const full = { ...unimportant(), ...master };

  it("count the address of GET-MASTER-ADDR-BY-NAME first: a leader is ahead there", () => {
    expect(toOpinion(full, B, [])).toEqual(says(B, 3));
    expect(toOpinion(full, null, [])).toEqual(says(A, 3));
  });

  it("are an opinion without SENTINEL MASTER, which an ACL may forbid", () => {
    expect(toOpinion(null, B, [])).toEqual(says(B, -1));
    expect(toOpinion(null, null, [])).toBeNull();
  });

  it("show the replica under promotion by its flag", () => {
    const replica = {
      ...B,
      runId: null,
      linkUp: true,
      masterHost: null,
      masterPort: null,
      priority: 100,
      offset: 1,
    };
    const replicas = [
      { ...replica, ...A, flags: ["slave"] },
      { ...replica, flags: ["slave", "promoted"] },
    ];
    expect(toOpinion(full, A, replicas)?.promoting).toEqual(B);
  });
});

function unimportant() {
  return {
    name: "mymaster",
    runId: null,
    flags: ["master"],
    quorum: 2,
    replicas: 1,
    otherSentinels: 2,
    downAfterMs: 5000,
    silentMs: null,
    failoverTimeoutMs: 10_000,
    parallelSyncs: 1,
  };
}
