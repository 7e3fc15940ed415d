import { UsageError } from "../errors.ts";

/** One thing to mend in a topology file. `info` is advice and never stops anything. */
export interface Problem {
  level: "error" | "info";
  /** The file as the user would name it. */
  file: string;
  /** From 1; null when the problem has no place in the text. */
  line: number | null;
  column: number | null;
  /** `sentinel.quorum`; null for the file as a whole. */
  key: string | null;
  /** The value found, shortened; never a secret. */
  found: string | null;
  message: string;
  hint: string | null;
}

export interface Place {
  line: number;
  column: number;
}

/** `vedette.yaml:5:3 sentinel.quorum: must be … (found 4); did you mean …` */
export function formatProblem(problem: Problem): string {
  const place =
    problem.line === null ? problem.file : `${problem.file}:${problem.line}:${problem.column ?? 1}`;
  const key = problem.key === null ? "" : ` ${oneLine(problem.key)}:`;
  const found = problem.found === null ? "" : ` (found ${problem.found})`;
  const hint = problem.hint === null ? "" : `; ${problem.hint}`;
  return `${place}${key} ${problem.message}${found}${hint}`;
}

/** Keys are the user's text and may hold anything. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\u2028\u2029]/gu, (character) => JSON.stringify(character).slice(1, -1));
}

/** A topology that cannot be used; `problems` has every reason, in the order of the file. */
export class TopologyError extends UsageError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join("\n"), {
      next: `Mend ${problems.length === 1 ? "it" : "them"} and check with: vedette validate`,
    });
    this.problems = problems;
  }
}

/** A value as a problem shows it: one line, at most about 60 characters. */
export function show(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a mapping";
  const plain = typeof value === "number" || typeof value === "boolean" || typeof value === "bigint";
  const text = plain ? String(value) : JSON.stringify(value);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

interface Details {
  found?: unknown;
  hint?: string | null;
  /** Point at the key instead of its value. */
  atKey?: boolean;
}

/** Where keys and values of a file stand. */
export interface Places {
  keys: Map<string, Place>;
  values: Map<string, Place>;
}

/** Collects problems of one file and knows where its keys stand. */
export class Problems {
  readonly list: Problem[] = [];
  readonly file: string;
  readonly places: Places;
  /** Keys whose values were unusable: rules about them would only echo the first complaint. */
  readonly #broken = new Set<string>();

  constructor(file: string, places: Places = { keys: new Map(), values: new Map() }) {
    this.file = file;
    this.places = places;
  }

  error(key: string | null, message: string, details: Details = {}): void {
    this.#add("error", key, message, details);
    if (key !== null) this.#broken.add(key);
  }

  info(key: string | null, message: string, details: Details = {}): void {
    this.#add("info", key, message, details);
  }

  /** A problem of the text itself, at a known place. */
  errorAt(place: Place | null, key: string | null, message: string, hint: string | null = null): void {
    const at = { line: place?.line ?? null, column: place?.column ?? null };
    this.list.push({ level: "error", file: this.file, ...at, key, found: null, message, hint });
  }

  /** True when `key`, something inside it or something around it was already complained about. */
  isBroken(...keys: string[]): boolean {
    return keys.some((key) =>
      [...this.#broken].some((bad) => bad === key || bad.startsWith(`${key}.`) || key.startsWith(`${bad}.`)),
    );
  }

  get errors(): Problem[] {
    return inOrder(this.list.filter((problem) => problem.level === "error"));
  }

  get advice(): Problem[] {
    return inOrder(this.list.filter((problem) => problem.level === "info"));
  }

  #add(level: Problem["level"], key: string | null, message: string, details: Details): void {
    const place = key === null ? null : this.#placeOf(key, details.atKey ?? false);
    this.list.push({
      level,
      file: this.file,
      line: place?.line ?? null,
      column: place?.column ?? null,
      key,
      found: "found" in details ? show(details.found) : null,
      message,
      hint: details.hint ?? null,
    });
  }

  /** The place of a key's value, else of the nearest key around it that is written down. */
  #placeOf(key: string, atKey: boolean): Place | null {
    const own = (atKey ? null : this.places.values.get(key)) ?? this.places.keys.get(key);
    if (own !== undefined) return own;
    for (let end = key.lastIndexOf("."); end > 0; end = key.lastIndexOf(".", end - 1)) {
      const around = this.places.keys.get(key.slice(0, end));
      if (around !== undefined) return around;
    }
    return null;
  }
}

function inOrder(problems: Problem[]): Problem[] {
  const line = (problem: Problem): number => problem.line ?? Number.MAX_SAFE_INTEGER;
  return problems.toSorted((a, b) => line(a) - line(b) || (a.column ?? 0) - (b.column ?? 0));
}
