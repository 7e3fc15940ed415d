import type { Expectations, Judged, Scenario } from "./scenario.ts";

const JUDGED: Judged = { judge: true };

function told(why: string): Judged {
  return { judge: false, told: why };
}

/** A failover as it should be: one promotion, everything judged. */
const ONE_FAILOVER: Expectations = {
  promotions: 1,
  writeGap: JUDGED,
  lostWrites: JUDGED,
  secondMaster: JUDGED,
};

const NO_FAILOVER: Expectations = { ...ONE_FAILOVER, promotions: 0 };

const REFUSED_MEANWHILE = told("nobody can take writes until the fault is over: refusing them is right");
const WOKEN_MASTER = told("a master that recovers cannot know yet that it was replaced");

/** Every scenario, in the order in which `drill all` runs them: the gentle ones first. */
export const SCENARIOS: readonly Scenario[] = [
  {
    id: "replica-loss",
    title: "A replica is killed",
    shows: "Writes go on as if nothing had happened, nobody is promoted, and the replica comes back in sync.",
    needs: ["replica"],
    steps: [
      { do: "kill", target: "replica" },
      { do: "let-pass", span: { downAfters: 1, ms: 500 } },
    ],
    expects: NO_FAILOVER,
    alert: "RedisReplicaDown",
    caveat: null,
  },
  {
    id: "slow-replica",
    title: "A replica stops answering for a while",
    shows:
      "A frozen replica holds neither the master nor its clients up, and catches up by itself once it goes on.",
    needs: ["replica"],
    steps: [
      { do: "hang", target: "replica" },
      { do: "let-pass", span: { downAfters: 1, ms: 1_500 } },
      { do: "continue", target: "replica" },
    ],
    expects: NO_FAILOVER,
    alert: "RedisReplicaDown",
    caveat: null,
  },
  {
    id: "hang-short",
    title: "The master freezes for less than down-after",
    shows: "A hiccup (swap, a slow disk, a long script) moves nothing: the master goes on where it was.",
    needs: [],
    steps: [
      { do: "hang", target: "master" },
      { do: "let-pass", span: { downAfters: 0.75, ms: -100 } },
      { do: "continue", target: "master" },
      { do: "let-pass", span: { downAfters: 1, ms: 500 } },
    ],
    expects: NO_FAILOVER,
    alert: null,
    caveat: null,
  },
  {
    id: "switchover",
    title: "The master is moved on purpose",
    shows: "A planned move holds writes back for a moment and loses none.",
    needs: ["candidate"],
    steps: [{ do: "switchover" }, { do: "await-other-master" }],
    expects: ONE_FAILOVER,
    alert: null,
    caveat: null,
  },
  {
    id: "kill",
    title: "The master's process is killed",
    shows: "The commonest failure: a crash, the OOM killer, kill -9. One replica takes over.",
    needs: ["candidate"],
    steps: [{ do: "kill", target: "master" }, { do: "await-other-master" }],
    expects: ONE_FAILOVER,
    alert: "RedisMasterDown",
    caveat: null,
  },
  {
    id: "stop",
    title: "The master's process is stopped politely",
    shows: "Somebody ends the process behind Vedette's back (SIGTERM), without a switchover first.",
    needs: ["candidate"],
    steps: [{ do: "stop", target: "master" }, { do: "await-other-master" }],
    expects: ONE_FAILOVER,
    alert: "RedisMasterDown",
    caveat: null,
  },
  {
    id: "hang",
    title: "The master freezes for longer than down-after",
    shows:
      "Silence is ambiguous, so it takes down-after until the Sentinels agree. The frozen master wakes up later and must step down.",
    needs: ["candidate"],
    steps: [{ do: "hang", target: "master" }, { do: "await-other-master" }],
    expects: { ...ONE_FAILOVER, secondMaster: WOKEN_MASTER },
    alert: "RedisMasterDown",
    caveat: null,
  },
  {
    id: "old-master-return",
    title: "The old master comes back under load",
    shows: "A node that was master is started again after it was replaced: it must never take a write.",
    needs: ["candidate"],
    steps: [
      { do: "kill", target: "master" },
      { do: "await-other-master" },
      { do: "start", target: "master" },
      { do: "let-pass", span: { downAfters: 1, ms: 2_000 } },
    ],
    expects: ONE_FAILOVER,
    alert: "RedisMasterDown",
    caveat: null,
  },
  {
    id: "partition",
    title: "The master is cut off, and clients still reach it",
    shows:
      "The hardest case: the Sentinels promote a replica while the old master goes on taking writes that nobody will have.",
    needs: ["candidate"],
    steps: [{ do: "cut-off" }, { do: "await-other-master" }],
    expects: {
      ...ONE_FAILOVER,
      lostWrites: told(
        "what a cut-off master acknowledges reaches no replica: asynchronous replication cannot save it",
      ),
      secondMaster: told("it cannot know that it was replaced"),
    },
    alert: "RedisMasterDown",
    caveat:
      "The partition is logical: the master's password is changed and its replicas and Sentinels are disconnected, so that they are locked out while its clients go on. No network was touched.",
  },
  {
    id: "unplugged",
    title: "The master's network is unplugged",
    shows:
      "Its host is gone for everybody, clients included: silence, until the Sentinels agree. Plugged in again it must step down.",
    needs: ["candidate", "network"],
    steps: [{ do: "unplug" }, { do: "await-other-master" }],
    expects: {
      ...ONE_FAILOVER,
      lostWrites: told(
        "what was acknowledged in the last milliseconds may have been on its way to the replicas",
      ),
      secondMaster: WOKEN_MASTER,
    },
    alert: "RedisMasterDown",
    caveat: null,
  },
  {
    id: "sentinel-loss",
    title: "A Sentinel is lost, then the master",
    shows: "With one Sentinel gone the others still reach a majority and move the master.",
    needs: ["candidate", "spare-sentinel"],
    steps: [
      { do: "kill", target: "sentinel" },
      { do: "let-pass", span: { downAfters: 1, ms: 0 } },
      { do: "kill", target: "master" },
      { do: "await-other-master" },
    ],
    expects: ONE_FAILOVER,
    alert: "RedisSentinelDown",
    caveat: null,
  },
  {
    id: "quorum-loss",
    title: "The majority of the Sentinels is lost, then the master",
    shows: "Without a majority nobody may be promoted. Writes are refused until the Sentinels are back.",
    needs: ["quorum-to-lose"],
    steps: [
      { do: "kill", target: "quorum" },
      { do: "kill", target: "master" },
      { do: "let-pass", span: { downAfters: 2, ms: 2_000 } },
    ],
    expects: { ...NO_FAILOVER, promotions: "healed", writeGap: REFUSED_MEANWHILE },
    alert: "RedisSentinelQuorumLost",
    caveat: null,
  },
  {
    id: "steward-loss",
    title: "The steward is killed, then the master",
    shows: "Vedette's own process is expendable: without it Sentinel does the same at its own pace.",
    needs: ["candidate", "steward"],
    steps: [{ do: "kill-steward" }, { do: "kill", target: "master" }, { do: "await-other-master" }],
    expects: ONE_FAILOVER,
    alert: "RedisMasterDown",
    caveat: null,
  },
  {
    id: "full-restart",
    title: "Every process is killed at once",
    shows:
      "A power cut for all processes: everything comes back, the right node is master, the data is there.",
    needs: ["append-only"],
    steps: [{ do: "kill", target: "everything" }],
    expects: {
      promotions: null,
      writeGap: told("everything is down at once, and comes back with its data"),
      lostWrites: { judge: "on disk" },
      secondMaster: JUDGED,
    },
    alert: "RedisMasterDown",
    caveat:
      "All processes are killed; the machine itself goes on, so what the servers had handed to the operating system is kept.",
  },
  {
    id: "disk-full",
    title: "The master's disk is full",
    shows:
      "A master that cannot write to its disk refuses writes rather than losing them, and answers PING with an error: Sentinel takes it for down, and a replica takes over.",
    needs: ["candidate", "append-only", "small-disk"],
    steps: [{ do: "fill-disk" }, { do: "await-other-master" }],
    expects: { ...ONE_FAILOVER, secondMaster: WOKEN_MASTER },
    alert: "RedisDiskFull",
    caveat: null,
  },
  {
    id: "restore",
    title: "The data is restored from a backup",
    shows: "A backup that was never restored is a hope.",
    needs: ["restorable-backup"],
    steps: [],
    expects: NO_FAILOVER,
    alert: null,
    caveat: null,
  },
];

export function findScenario(id: string): Scenario | null {
  return SCENARIOS.find((each) => each.id === id) ?? null;
}
