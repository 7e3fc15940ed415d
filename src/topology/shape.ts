import type * as z from "zod";
import type { Problems } from "./problems.ts";
import { keysAt, topologySchema, type RawTopology } from "./schema.ts";
import { didYouMean } from "./suggest.ts";

type Issue = z.core.$ZodIssue;

/**
 * Checks the shape of a parsed document and reports everything that does not fit.
 *
 * What does not fit is left out of the result, so that the rules can still judge the rest of the file.
 */
export function checkShape(value: unknown, problems: Problems): RawTopology {
  // Each round removes at least one value; a value hides no more than the unions around it.
  for (let round = 0; round < 1000; round++) {
    const parsed = topologySchema().safeParse(value ?? {});
    if (parsed.success) return parsed.data;
    for (const issue of parsed.error.issues.flatMap(inside)) report(issue, value, problems);
    for (const issue of parsed.error.issues) {
      if (issue.path.length === 0 && issue.code !== "unrecognized_keys") return {};
      prune(value, issue);
    }
  }
  return {};
}

function report(issue: Issue, value: unknown, problems: Problems): void {
  const key = keyOf(issue.path);
  if (issue.code !== "unrecognized_keys") {
    problems.error(key === "" ? null : key, issue.message, { found: valueAt(value, issue.path) });
    return;
  }
  const known = keysAt(issue.path);
  for (const unknown of issue.keys) {
    const around = key === "" ? "a topology" : key;
    problems.error(key === "" ? unknown : `${key}.${unknown}`, `is not a key of ${around}`, {
      atKey: true,
      hint: didYouMean(unknown, known) ?? `known keys: ${known.join(", ")}`,
    });
  }
}

/** A list that fits but for some of its elements fails as a union; the elements are what is wrong. */
function inside(issue: Issue): Issue[] {
  if (issue.code !== "invalid_union") return [issue];
  const list = issue.errors.find(
    (branch) => branch.length > 0 && branch.every(({ path }) => path.length > 0),
  );
  return list?.map((deeper) => ({ ...deeper, path: [...issue.path, ...deeper.path] })) ?? [issue];
}

function keyOf(path: readonly PropertyKey[]): string {
  return path.reduce<string>((key, step) => {
    if (typeof step === "number") return `${key}[${step}]`;
    return key === "" ? String(step) : `${key}.${String(step)}`;
  }, "");
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((inside, step) => (isContainer(inside) ? inside[step] : undefined), value);
}

function prune(value: unknown, issue: Issue): void {
  if (issue.code === "unrecognized_keys") {
    const owner = valueAt(value, issue.path);
    if (isContainer(owner)) for (const key of issue.keys) delete owner[key];
    return;
  }
  // A list with one bad element says nothing reliable as a whole.
  const list = issue.path.findIndex((step) => typeof step === "number");
  const path = list === -1 ? issue.path : issue.path.slice(0, list);
  const owner = valueAt(value, path.slice(0, -1));
  const last = path.at(-1);
  if (isContainer(owner) && last !== undefined) delete owner[last];
}

function isContainer(value: unknown): value is Record<PropertyKey, unknown> {
  return typeof value === "object" && value !== null;
}
