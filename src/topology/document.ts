import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Alias, type Document } from "yaml";
import { Problems, type Place, type Places } from "./problems.ts";

/** YAML text as plain values, together with the place of every key and value. */

/** Deep or alias-multiplied documents are mistakes or attacks; both end here rather than in a full memory. */
const MAX_NODES = 10_000;
const MAX_DEPTH = 40;

export interface ParsedDocument {
  /** Null for an empty document. */
  value: unknown;
  /** False when the text is broken YAML: what was recovered of it is not worth judging. */
  sound: boolean;
  problems: Problems;
}

/** Parses `text`; what is wrong with it is in `problems`. Never throws. */
export function parseTopologyText(text: string, file: string): ParsedDocument {
  const lines = new LineCounter();
  const places: Places = { keys: new Map(), values: new Map() };
  const problems = new Problems(file, places);
  const document = compose(text, lines, problems);
  if (document === null) return { value: null, sound: false, problems };
  const placeOf = (offset: number | undefined): Place | null => {
    const { line, col } = lines.linePos(offset ?? 0);
    return line === 0 ? null : { line, column: col };
  };
  for (const issue of [...document.errors, ...document.warnings]) {
    problems.errorAt(
      placeOf(issue.pos[0]),
      null,
      yamlMessage(issue.code, issue.message),
      yamlHint(issue.code),
    );
  }
  const before = problems.list.length;
  const value = new Converter(document, problems, places, placeOf).convert(document.contents, "", 0);
  const understood = problems.list.length === before;
  const sound = understood && document.errors.every(({ code }) => code === "DUPLICATE_KEY");
  return { value: value ?? null, sound, problems };
}

function compose(text: string, lineCounter: LineCounter, problems: Problems): Document | null {
  try {
    return parseDocument(text, { lineCounter, prettyErrors: false, strict: true, uniqueKeys: true });
  } catch (error) {
    // The parser recurses: thousands of nested brackets end in a RangeError.
    problems.errorAt(
      null,
      null,
      `cannot be read as YAML: ${error instanceof Error ? error.message : "unreadable"}`,
    );
    return null;
  }
}

function yamlMessage(code: string, message: string): string {
  if (code === "DUPLICATE_KEY") return "the same key is given twice";
  if (code === "MULTIPLE_DOCS") return "holds more than one YAML document";
  return `not valid YAML: ${message.replaceAll(/\s*\n\s*/g, " ")}`;
}

function yamlHint(code: string): string | null {
  if (code === "TAB_AS_INDENT") return "indent with spaces";
  if (code === "DUPLICATE_KEY") return "keep one of them";
  return null;
}

class Converter {
  readonly #document: Document;
  readonly #problems: Problems;
  readonly #places: Places;
  readonly #placeOf: (offset: number | undefined) => Place | null;
  #nodes = 0;
  #overflow = false;

  constructor(
    document: Document,
    problems: Problems,
    places: Places,
    placeOf: (offset: number | undefined) => Place | null,
  ) {
    this.#document = document;
    this.#problems = problems;
    this.#places = places;
    this.#placeOf = placeOf;
  }

  convert(node: unknown, key: string, depth: number): unknown {
    if (++this.#nodes > MAX_NODES || depth > MAX_DEPTH) return this.#tooMuch();
    if (isAlias(node)) return this.#alias(node, key, depth);
    if (isScalar(node)) return node.value;
    if (isSeq(node)) return node.items.map((item, i) => this.#entry(item, `${key}[${i}]`, depth));
    if (!isMap(node)) return null;
    // No prototype: a key called __proto__ is then a key like any other.
    const result: Record<string, unknown> = Object.create(null);
    for (const pair of node.items) {
      const name = isScalar(pair.key) ? pair.key.value : null;
      if (typeof name !== "string" && typeof name !== "number") {
        const at = isScalar(pair.key) || isMap(pair.key) || isSeq(pair.key) ? pair.key.range?.[0] : undefined;
        this.#problems.errorAt(this.#placeOf(at), null, "a key must be plain text");
        continue;
      }
      const path = key === "" ? String(name) : `${key}.${name}`;
      const place = isScalar(pair.key) ? this.#placeOf(pair.key.range?.[0]) : null;
      if (place !== null) this.#places.keys.set(path, place);
      result[String(name)] = this.#entry(pair.value, path, depth);
    }
    return result;
  }

  #alias(node: Alias, key: string, depth: number): unknown {
    const target = node.resolve(this.#document);
    if (target !== undefined) return this.convert(target, key, depth + 1);
    this.#problems.errorAt(
      this.#placeOf(node.range?.[0]),
      key,
      `refers to &${node.source}, which is not defined`,
    );
    return null;
  }

  #entry(node: unknown, path: string, depth: number): unknown {
    if ((isScalar(node) && node.value !== null) || isMap(node) || isSeq(node) || isAlias(node)) {
      const place = this.#placeOf(node.range?.[0]);
      if (place !== null) this.#places.values.set(path, place);
    }
    return this.convert(node, path, depth + 1);
  }

  #tooMuch(): null {
    if (!this.#overflow)
      this.#problems.errorAt(null, null, "is nested too deeply or too large to be a topology");
    this.#overflow = true;
    return null;
  }
}
