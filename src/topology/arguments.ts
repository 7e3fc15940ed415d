/**
 * The words of a configuration line exactly as Redis' sdssplitargs reads them.
 *
 * It works on bytes, as Redis does: CONFIG REWRITE writes every byte of a non-ASCII character as `\xHH`.
 */

const ENCODER = new TextEncoder();
const DECODER = new TextDecoder("utf-8", { ignoreBOM: true });
const ESCAPES: Record<string, number> = { n: 10, r: 13, t: 9, b: 8, a: 7 };
const BACKSLASH = 0x5c;
const DOUBLE = 0x22;
const SINGLE = 0x27;

/** The arguments of one line, or null when its quotes do not balance. */
export function splitArguments(text: string): string[] | null {
  const bytes = cString(ENCODER.encode(text));
  const words: string[] = [];
  let at = 0;
  for (;;) {
    while (isSpace(bytes[at])) at++;
    if (at >= bytes.length) return words;
    const word = readWord(bytes, at);
    if (word === null) return null;
    words.push(DECODER.decode(Uint8Array.from(word.bytes)));
    at = word.end;
  }
}

interface Word {
  bytes: number[];
  /** Index after the word. */
  end: number;
}

/** One word: plain and quoted pieces may follow one another, but a closing quote must end it. */
function readWord(text: Uint8Array, start: number): Word | null {
  const bytes: number[] = [];
  let at = start;
  for (;;) {
    const byte = text[at];
    if (byte === undefined || byte === 32 || byte === 10 || byte === 13 || byte === 9)
      return { bytes, end: at };
    if (byte === DOUBLE || byte === SINGLE) {
      const end = byte === DOUBLE ? readDouble(text, at + 1, bytes) : readSingle(text, at + 1, bytes);
      if (end === null || (end < text.length && !isSpace(text[end]))) return null;
      return { bytes, end };
    }
    bytes.push(byte);
    at++;
  }
}

function readDouble(text: Uint8Array, start: number, into: number[]): number | null {
  for (let at = start; at < text.length; at++) {
    const byte = text[at];
    if (byte === DOUBLE) return at + 1;
    if (byte !== BACKSLASH || at + 1 >= text.length) {
      into.push(byte ?? 0);
      continue;
    }
    const hex = String.fromCharCode(...text.subarray(at + 1, at + 4));
    if (/^x[0-9a-fA-F]{2}$/.test(hex)) {
      into.push(Number.parseInt(hex.slice(1), 16));
      at += 3;
    } else {
      const next = text[at + 1] ?? 0;
      into.push(ESCAPES[String.fromCharCode(next)] ?? next);
      at += 1;
    }
  }
  return null;
}

function readSingle(text: Uint8Array, start: number, into: number[]): number | null {
  for (let at = start; at < text.length; at++) {
    const byte = text[at] ?? 0;
    if (byte === SINGLE) return at + 1;
    if (byte === BACKSLASH && text[at + 1] === SINGLE) at++;
    into.push(text[at] ?? 0);
  }
  return null;
}

/** C's isspace in the C locale, which Redis keeps for character types. */
function isSpace(byte: number | undefined): boolean {
  return byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13);
}

/** C strings end at the first NUL. */
function cString(bytes: Uint8Array): Uint8Array {
  const nul = bytes.indexOf(0);
  return nul === -1 ? bytes : bytes.subarray(0, nul);
}
