import { readFileSync } from "node:fs";
import path from "node:path";
import { errorCode, UsageError } from "../errors.ts";
import { parseTopologyText } from "./document.ts";
import type { ResolvedTopology, RuntimeKind } from "./model.ts";
import { Problems, TopologyError } from "./problems.ts";
import { resolveTopology } from "./resolve.ts";
import { checkShape } from "./shape.ts";

const DEFAULT_FILE = "vedette.yaml";

/**
 * Loads the topology file at `file`, or `vedette.yaml` in `cwd`, or the built-in defaults if there is none.
 *
 * @param runtime wins over the file's
 * @throws TopologyError (a UsageError) with every problem of the file; UsageError when it cannot be read
 */
export function loadTopology(file: string | null, cwd: string, runtime?: RuntimeKind): ResolvedTopology {
  const absolute = path.resolve(cwd, file ?? DEFAULT_FILE);
  const text = readTopology(absolute, file !== null);
  if (text === null) return resolveTopology({}, null, path.resolve(cwd), new Problems(DEFAULT_FILE), runtime);
  return parseTopology(text, absolute, displayName(absolute, cwd), runtime);
}

/** Loads a topology from text, as if it stood in the file at `absolute`. Reads nothing. */
export function parseTopology(
  text: string,
  absolute: string,
  display: string,
  runtime?: RuntimeKind,
): ResolvedTopology {
  const { value, sound, problems } = parseTopologyText(text, display);
  if (!sound) throw new TopologyError(problems.errors);
  const raw = checkShape(value, problems);
  return resolveTopology(raw, absolute, path.dirname(absolute), problems, runtime);
}

function readTopology(file: string, required: boolean): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT" && !required) return null;
    const next = errorCode(cause) === "ENOENT" ? "Write a commented one with: vedette init" : undefined;
    throw new UsageError(`reading the topology ${file}`, { cause, ...(next === undefined ? {} : { next }) });
  }
}

/** The path as the user would type it. */
function displayName(absolute: string, cwd: string): string {
  const relative = path.relative(cwd, absolute);
  return relative.startsWith("..") ? absolute : relative;
}
