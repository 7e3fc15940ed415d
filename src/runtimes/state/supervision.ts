import type { NodeId } from "../../topology/model.ts";
import { readJson, replaceJson } from "./files.ts";
import type { StatePaths } from "./paths.ts";

/** What the steward has written down of nodes it restarts: read by whoever looks at the cluster. */
export interface Supervision {
  [node: NodeId]: { gaveUp: boolean; reason: string | null };
}

/** Which nodes are meant to be up. */
export function readWanted(paths: StatePaths): Record<NodeId, boolean> {
  const value = readJson(paths.wanted);
  return isRecordOf(value, (each): each is boolean => typeof each === "boolean") ? value : {};
}

export function readSupervision(paths: StatePaths): Supervision {
  const value = readJson(paths.supervision);
  return isRecordOf(value, isNote) ? value : {};
}

/** Drops what the steward noted of a node: whoever starts it begins anew. */
export function forgetNote(node: NodeId, paths: StatePaths): void {
  const { [node]: dropped, ...rest } = readSupervision(paths);
  if (dropped !== undefined) replaceJson(paths.supervision, rest);
}

function isNote(value: unknown): value is Supervision[string] {
  return typeof value === "object" && value !== null && "gaveUp" in value && "reason" in value;
}

function isRecordOf<T>(value: unknown, guard: (each: unknown) => each is T): value is Record<string, T> {
  return (
    typeof value === "object" && value !== null && !Array.isArray(value) && Object.values(value).every(guard)
  );
}
