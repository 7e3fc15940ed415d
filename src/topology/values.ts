import { splitArguments } from "./arguments.ts";
import { directiveKind, type ConfigFile, type DirectiveKind } from "./directives.ts";
import { parseSize } from "./units.ts";

/** Turns the value of a directive in a topology file into configuration lines. */

export type RawScalar = string | number | boolean;
export type RawValue = RawScalar | RawScalar[];

/** The lines of a directive (each a list of unquoted arguments), or what is wrong with its value. */
export type Lines = { lines: string[][] } | { wrong: string };

export function directiveLines(file: ConfigFile, name: string, value: RawValue): Lines {
  const kind = directiveKind(file, name);
  if ([value].flat().some((item) => typeof item === "string" && item.includes("\0"))) {
    return { wrong: "must not contain a NUL character: Redis would read only what stands before it" };
  }
  if (kind === null) return { lines: [value].flat().map((item) => [text(item)]) };
  if (kind.kind === "arguments" || kind.kind === "choices") return severalArguments(name, kind, value);
  if (Array.isArray(value)) return { wrong: "takes one value, not a list" };
  const argument = text(value);
  const wrong = wrongArgument(kind, argument);
  return wrong === null ? { lines: [[argument]] } : { wrong };
}

function text(value: RawScalar): string {
  return typeof value === "boolean" ? (value ? "yes" : "no") : String(value);
}

/** Why Redis would refuse to start with this argument, or null. Redis has no trailing comments either. */
function wrongArgument(kind: DirectiveKind, argument: string): string | null {
  switch (kind.kind) {
    case "flag":
      return /^(?:yes|no)$/i.test(argument) ? null : oneOf(["yes", "no"], argument);
    case "choice":
      return kind.values.includes(argument.toLowerCase()) ? null : oneOf(kind.values, argument);
    case "number":
      return wrongNumber(kind, argument);
    case "size":
      return parseSize(argument) === null ? "must be a size as Redis reads it, such as 256mb or 1gb" : null;
    case "size-or-percent":
      if (/^(?:100|\d{1,2})%$/.test(argument) || parseSize(argument) !== null) return null;
      return "must be a size such as 256mb or a percentage such as 5%";
    case "octal":
      return /^0?[0-7]{1,3}$/.test(argument) ? null : "must be an octal mode such as 700";
    case "text":
    case "choices":
    case "arguments":
      break;
  }
  return null;
}

function oneOf(values: readonly string[], argument: string): string {
  const comment = /\s#/.test(argument) ? "; a comment after a value is read as part of it" : "";
  return `must be one of ${values.join(", ")}${comment}`;
}

function wrongNumber(kind: { min: number; max: number }, argument: string): string | null {
  if (!/^-?\d+$/.test(argument)) return "must be a whole number without a unit";
  const number = Number(argument);
  if (number >= kind.min && number <= kind.max) return null;
  return kind.max === Number.MAX_SAFE_INTEGER
    ? `must be at least ${kind.min}`
    : `must be from ${kind.min} to ${kind.max}`;
}

function severalArguments(
  name: string,
  kind: Extract<DirectiveKind, { kind: "arguments" | "choices" }>,
  value: RawValue,
): Lines {
  const items = [value].flat().map(text);
  const lines = items.map((item) => (item.trim() === "" ? [""] : splitArguments(item)));
  if (lines.includes(null)) return { wrong: "has quotes that do not balance" };
  const split = lines.filter((line) => line !== null);
  const repeats = kind.kind === "arguments" && kind.repeat;
  const result = repeats ? split : [split.flat()];
  const wrong = result.map((args) => wrongLine(name, kind, args)).find((reason) => reason !== null);
  return wrong === undefined ? { lines: result } : { wrong };
}

function wrongLine(name: string, kind: DirectiveKind, args: string[]): string | null {
  if (kind.kind === "choices") {
    const bad = args.find((argument) => !kind.values.includes(argument.toLowerCase()));
    return bad === undefined ? null : oneOf(kind.values, bad);
  }
  switch (name) {
    case "save":
      return wrongSave(args);
    case "client-output-buffer-limit":
      return wrongBufferLimit(args);
    case "oom-score-adj-values":
      return args.length === 3 && args.every(isWhole)
        ? null
        : "must be three numbers: master, replica, child";
    case "rename-command":
      return args.length === 2 ? null : 'must be a command and its new name ("" takes it away)';
    case "include":
      return args.length === 1 && args[0] !== "" ? null : "must be one path; quote it when it has spaces";
    case "loadmodule":
    case "user":
      return args[0] === "" ? "must not be empty" : null;
    default:
      return null;
  }
}

function isWhole(argument: string): boolean {
  return /^-?\d+$/.test(argument);
}

function wrongSave(args: string[]): string | null {
  if (args.length === 1 && args[0] === "") return null;
  const pairs = args.length % 2 === 0 && args.every((argument) => /^\d+$/.test(argument));
  const seconds = args.filter((_, i) => i % 2 === 0);
  if (pairs && seconds.every((argument) => Number(argument) > 0)) return null;
  return 'must be pairs of seconds and changes such as "3600 1 300 100", or "" for no snapshots';
}

function wrongBufferLimit(args: string[]): string | null {
  const wrong = "must be a class (normal, replica or pubsub), a hard limit, a soft limit and seconds";
  if (args.length === 0 || args.length % 4 !== 0) return wrong;
  for (let i = 0; i < args.length; i += 4) {
    const [type = "", hard = "", soft = "", seconds = ""] = args.slice(i, i + 4);
    const limits = parseSize(hard) !== null && parseSize(soft) !== null && /^\d+$/.test(seconds);
    if (!limits || !/^(?:normal|replica|slave|pubsub)$/i.test(type)) return wrong;
  }
  return null;
}
