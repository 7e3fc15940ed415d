import type { Positions } from "../records.ts";
import { readJson } from "./files.ts";
import type { StatePaths } from "./paths.ts";

/** What the steward wrote down of every node's data while it ran, or null. */
export function readPositions(paths: StatePaths): Positions | null {
  const value = readJson(paths.positions);
  return isPositions(value) ? value : null;
}

function isPositions(value: unknown): value is Positions {
  return (
    typeof value === "object" &&
    value !== null &&
    "nodes" in value &&
    typeof value.nodes === "object" &&
    value.nodes !== null &&
    "epoch" in value &&
    typeof value.epoch === "number" &&
    "master" in value
  );
}
