import type { Belonging, FirstFacts, PauseRecord, StopMode } from "../runtimes/runtime.ts";
import type { NodeId } from "../topology/model.ts";
import { formatDuration } from "../topology/units.ts";

/** What an operation waits for before it goes on. */
export type Condition =
  /** Every Sentinel answers. */
  | "sentinels-answer"
  /** One master that takes writes, every replica linked and promotable, every Sentinel knows and agrees. */
  | "settled";

/**
 * Everything that changes the world, as data: planned by pure functions, shown, journaled, and run by one runner.
 */
export type Step =
  | { do: "claim-state" }
  | { do: "prepare"; node: NodeId; first: FirstFacts | null }
  | { do: "want"; nodes: NodeId[]; up: boolean }
  | { do: "forget"; node: NodeId }
  | { do: "start"; node: NodeId; force: boolean }
  | { do: "stop"; node: NodeId; mode: StopMode; deadlineMs: number }
  | { do: "save-before-stop"; node: NodeId }
  | { do: "reconfigure"; node: NodeId }
  | { do: "start-steward" }
  | { do: "stop-steward"; deadlineMs: number }
  | { do: "hurry-sentinels" }
  | { do: "set-periods" }
  | { do: "set-down-after" }
  | { do: "note-pause"; record: PauseRecord }
  | { do: "time-pause" }
  | { do: "raise-down-after"; ms: number }
  | { do: "cut-pause" }
  | { do: "end-pause" }
  | { do: "reset-sentinel"; node: NodeId }
  | { do: "rest"; ms: number }
  | { do: "set-aside"; node: NodeId; stamp: number }
  | { do: "await-synced"; node: NodeId; deadlineMs: number }
  | { do: "delete-aside"; node: NodeId }
  | { do: "promote-only"; node: NodeId }
  | { do: "prefer"; node: NodeId }
  | { do: "move-master"; from: NodeId; to: NodeId; pauseMs: number }
  | { do: "restore-settings" }
  | { do: "await"; condition: Condition; deadlineMs: number }
  | { do: "delete"; what: Belonging }
  | { do: "flush"; node: NodeId; databases: string[] };

export type StepKind = Step["do"];
export type StepOf<K extends StepKind> = Extract<Step, { do: K }>;

export function belonging({ kind, name }: Belonging): string {
  return kind === "path" ? name : `${kind} ${name}`;
}

/** A step as a sentence, for `--dry-run`, progress and the journal. */
export function sentence(step: Step): string {
  switch (step.do) {
    case "claim-state":
      return "mark the state directory as this topology's";
    case "prepare":
      return step.first === null
        ? `bring the configuration of ${step.node} up to date`
        : `make the configuration of ${step.node} (master ${step.first.master.host}:${step.first.master.port})`;
    case "want":
      return `note that ${step.nodes.join(", ")} ${step.nodes.length === 1 ? "is" : "are"} meant to be ${step.up ? "up" : "down"}`;
    case "forget":
      return `have ${step.node} forget which failovers it has lived through`;
    case "start":
      return step.force ? `start ${step.node} as master, whatever the Sentinels say` : `start ${step.node}`;
    case "stop":
      return step.mode === "kill" ? `kill ${step.node}` : `stop ${step.node}`;
    case "save-before-stop":
      return `save the data of ${step.node}, which keeps nothing on disk by itself`;
    case "reconfigure":
      return `apply the changed configuration to the running ${step.node}`;
    case "start-steward":
      return "start the steward";
    case "stop-steward":
      return "stop the steward";
    case "hurry-sentinels":
      return "let the Sentinels look more often for a moment";
    case "set-periods":
      return "set the Sentinels' periods back";
    case "set-down-after":
      return "have every Sentinel wait as long as it should before it takes a node for down";
    case "note-pause":
      return `note that ${step.record.by} pauses for ${formatDuration(step.record.until - step.record.since)}`;
    case "time-pause":
      return "start the timer that ends the pause";
    case "raise-down-after":
      return `have every Sentinel wait ${formatDuration(step.ms)} before it takes a node for down`;
    case "cut-pause":
      return "note that the pause is over";
    case "end-pause":
      return "have every Sentinel wait as long as the topology says before it takes a node for down";
    case "reset-sentinel":
      return `have ${step.node} forget all replicas and Sentinels, and find again those that are there`;
    case "rest":
      return `wait ${formatDuration(step.ms)}`;
    case "set-aside":
      return `set the data of ${step.node} aside`;
    case "await-synced":
      return `wait until ${step.node} has copied the data of its master and may be promoted`;
    case "delete-aside":
      return `delete the old data of ${step.node}`;
    case "promote-only":
      return `ask the Sentinels to fail over to ${step.node}`;
    case "prefer":
      return `have the Sentinels prefer ${step.node} (its replica-priority, set back afterwards)`;
    case "move-master":
      return `pause writes on ${step.from} for ${step.pauseMs / 1000} s at most, wait until ${step.to} has every byte, ask a Sentinel for the failover, and have ${step.from} follow`;
    case "restore-settings":
      return "give every node its own settings back";
    case "await":
      return step.condition === "settled"
        ? "wait until every replica is in sync and all Sentinels agree"
        : "wait until every Sentinel answers";
    case "delete":
      return `delete ${belonging(step.what)}`;
    case "flush":
      return `delete all keys of ${step.databases.join(", ")} through ${step.node}`;
  }
}
