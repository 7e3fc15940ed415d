/** What a practised failure is, as data: one runner, the reports and the live tests read it. */

export type ScenarioId =
  | "kill"
  | "stop"
  | "hang"
  | "hang-short"
  | "sentinel-loss"
  | "quorum-loss"
  | "replica-loss"
  | "old-master-return"
  | "full-restart"
  | "partition"
  | "unplugged"
  | "slow-replica"
  | "disk-full"
  | "steward-loss"
  | "switchover"
  | "restore";

/** Whom a step is about. Which node that is, is decided when the drill begins. */
export type Target =
  | "master"
  | "replica"
  | "sentinel"
  /** So many Sentinels that those left cannot agree on a failover. */
  | "quorum"
  | "everything";

/** A span of time as the cluster measures it: `downAfters` times its down-after, and `ms` more. */
export interface Span {
  downAfters: number;
  ms: number;
}

export type DrillStep =
  /** SIGKILL, SIGTERM, SIGSTOP. */
  | { do: "kill" | "stop" | "hang"; target: Target }
  /** SIGCONT. */
  | { do: "continue"; target: Target }
  /** Starts what a step before has ended, through safe start. */
  | { do: "start"; target: Target }
  /** Locks replicas and Sentinels out of the master; clients that are connected go on. */
  | { do: "cut-off" }
  /** Takes the master out of the nodes' network: nobody reaches it. */
  | { do: "unplug" }
  /** Fills the file system of the master's data. */
  | { do: "fill-disk" }
  | { do: "kill-steward" }
  /** Moves the master on purpose, to whoever is best. */
  | { do: "switchover" }
  /** Until a majority names another master, it takes writes, and the other replicas follow it. */
  | { do: "await-other-master" }
  /** Watches for so long: for what must not happen meanwhile. */
  | { do: "let-pass"; span: Span };

/** What the place where a scenario runs must have; where it has not, the scenario is skipped and says why. */
export type Need =
  | "candidate"
  | "spare-sentinel"
  | "quorum-to-lose"
  | "replica"
  | "network"
  | "append-only"
  | "steward"
  | "small-disk"
  | "restorable-backup";

/** A figure is judged against its threshold, or only told: `told` says why it cannot be a failure. */
export type Judged = { judge: true } | { judge: false; told: string };

export interface Expectations {
  /**
   * How many nodes the Sentinels promote. `null`: none or one, depending on who is faster. `healed`: none before the
   * faults are taken back; then, with the master started last, none or one.
   */
  promotions: 0 | 1 | null | "healed";
  /** The longest time without an acknowledged write. */
  writeGap: Judged;
  /**
   * Acknowledged writes that are gone afterwards. A confirmed write must never be: that is always judged.
   * `on disk` judges only those that their node had had time to bring to its disk.
   */
  lostWrites: Judged | { judge: "on disk" };
  /** Writes that a node took while another one was master already. */
  secondMaster: Judged;
}

export interface Scenario {
  id: ScenarioId;
  title: string;
  /** What one learns from it: a sentence or two for people. */
  shows: string;
  needs: readonly Need[];
  steps: readonly DrillStep[];
  expects: Expectations;
  /** Name of the alert that must fire where monitoring watches; null where none should. */
  alert: string | null;
  /** What the report must say about how the fault is made; null where it is the fault itself. */
  caveat: string | null;
}

/** Milliseconds of a span on a cluster with this down-after. */
export function spanMs({ downAfters, ms }: Span, downAfterMs: number): number {
  return Math.max(0, Math.round(downAfters * downAfterMs + ms));
}
