import {
  canonicalDirective,
  directiveKind,
  knownDirectives,
  sentinelForm,
  type ConfigFile,
} from "./directives.ts";
import type { Directive, Origin } from "./model.ts";
import { isSensitive, NEEDED_COMMANDS, ownedHint, SECRET_DIRECTIVES } from "./owned-directives.ts";
import type { Problems } from "./problems.ts";
import type { DirectiveSet } from "./profiles.ts";
import { didYouMean } from "./suggest.ts";
import { directiveLines, type RawValue } from "./values.ts";

/** Directives laid over one another: a later layer replaces all lines that an earlier one gave to a name. */

interface Entry {
  lines: string[][];
  origin: Origin;
}

export type Layer = Map<string, Entry>;

/** A layer of our own (defaults, a size, a profile), all with one origin. */
export function ownLayer(directives: DirectiveSet, origin: Origin): Layer {
  return new Map(Object.entries(directives).map(([name, lines]) => [name, { lines, origin }]));
}

/** The `config` mapping at `key` (such as `redis.config`), with every problem of it reported. */
export function fileLayer(
  file: ConfigFile,
  key: string,
  config: Record<string, RawValue> | null | undefined,
  problems: Problems,
): Layer {
  const layer: Layer = new Map();
  for (const [written, value] of Object.entries(config ?? {})) {
    const name = canonicalDirective(written);
    const path = `${key}.${written}`;
    if (layer.has(name)) {
      problems.error(path, `sets ${name} a second time`, { atKey: true, hint: "keep one of them" });
      continue;
    }
    const entry = readDirective(file, { name, written, path }, value, problems);
    if (entry !== null) layer.set(name, entry);
  }
  return layer;
}

function readDirective(
  file: ConfigFile,
  at: { name: string; written: string; path: string },
  value: RawValue,
  problems: Problems,
): Entry | null {
  const { name, written, path } = at;
  const refusal = refusedName(file, name, written);
  if (refusal !== null) {
    problems.error(path, refusal.message, { atKey: true, hint: refusal.hint });
    return null;
  }
  const read = directiveLines(file, name, value);
  const wrong = "wrong" in read ? { message: read.wrong, hint: null } : refusedLines(file, name, read.lines);
  if (wrong !== null || "wrong" in read) {
    const found = isSensitive(name) ? {} : { found: value };
    problems.error(path, wrong?.message ?? "is not valid", { ...found, hint: wrong?.hint ?? null });
    return null;
  }
  const place = problems.places.keys.get(path) ?? { line: 1, column: 1 };
  return { lines: read.lines, origin: { from: "file", key: path, ...place } };
}

interface Refusal {
  message: string;
  hint: string | null;
}

function refusedName(file: ConfigFile, name: string, written: string): Refusal | null {
  const owned = ownedHint(file, name);
  if (owned !== null) return { message: "is written by Vedette itself", hint: owned };
  if (SECRET_DIRECTIVES.has(name)) {
    const hint = "use a key file without a pass phrase that only its owner can read";
    return { message: "would put a secret into readable files", hint };
  }
  if (directiveKind(file, name) !== null) return null;
  if (file === "redis" && sentinelForm(name) !== "plain") {
    return { message: "is a Sentinel directive", hint: "set it in sentinel.config" };
  }
  if (!/^[a-z0-9_][a-z0-9_.-]*$/.test(name)) {
    const rest = /^sentinel\s+([a-z-]+)/.exec(name)?.[1];
    return { message: "is not the name of a directive", hint: rest === undefined ? null : `write "${rest}"` };
  }
  const known = knownDirectives(file);
  const near = didYouMean(written, known);
  return near === null ? null : { message: "is not a directive of Redis", hint: near };
}

function refusedLines(file: ConfigFile, name: string, lines: string[][]): Refusal | null {
  if (
    name === "user" &&
    lines.some((args) => args.some((rule) => rule.startsWith(">") || rule.startsWith("<")))
  ) {
    const hint = "give its SHA-256 as #<hex>: printf %s PASSWORD | sha256sum";
    return { message: "has a password in clear", hint };
  }
  if (name !== "rename-command" || file !== "redis") return null;
  const needed = lines
    .map((args) => args[0] ?? "")
    .find((command) => NEEDED_COMMANDS.has(command.toLowerCase()));
  if (needed === undefined) return null;
  const hint = "restrict users with ACLs (the user directive) instead";
  return {
    message: `takes away ${needed.toUpperCase()}, which Sentinel or Vedette must be able to send`,
    hint,
  };
}

/** The effective directives, in the order in which names first appear. */
export function merge(layers: Layer[]): Layer {
  const merged: Layer = new Map();
  for (const layer of layers) for (const [name, entry] of layer) merged.set(name, entry);
  return merged;
}

export function toDirectives(layer: Layer): Directive[] {
  return [...layer].flatMap(([name, { lines, origin }]) => lines.map((args) => ({ name, args, origin })));
}

/** `sentinel.config` as the lines of sentinel.conf: some stand alone, some under the master's name. */
export function toSentinelDirectives(layer: Layer, master: string): Directive[] {
  return toDirectives(layer).map(({ name, args, origin }) => {
    const form = sentinelForm(name);
    if (form === "plain") return { name, args, origin };
    return { name: "sentinel", args: form === "named" ? [name, master, ...args] : [name, ...args], origin };
  });
}
