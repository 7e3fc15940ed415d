import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import type { NodeId } from "../topology/model.ts";
import { errorCode } from "../errors.ts";
import { parseLogLine, type LogLine } from "./log-lines.ts";

const CHUNK_BYTES = 64 * 1024;
const NEWLINE = 10;
/** For how many looks a file that is gone is remembered. */
const REMEMBERED_LOOKS = 8;

/**
 * Reads one node's log files: first their last lines, then whatever is written afterwards.
 *
 * A file is known by its inode and not by its name, so that a rotation (which renames) neither repeats nor
 * loses a line: what a process still writes to the file that was moved aside is read from there.
 */
export class LogReader {
  private readonly offsets = new Map<string, { at: number; look: number }>();
  private looks = 0;
  private lastTime: number | null = null;

  constructor(
    readonly node: NodeId,
    /** The node's log files, oldest first; none while it has no log. */
    private readonly files: () => Promise<string[]>,
  ) {}

  /** The last `count` lines there are; from now on `fresh` gives what follows them. */
  async tail(count: number): Promise<LogLine[]> {
    const texts: string[] = [];
    for (const file of (await this.files()).toReversed()) {
      this.withFile(file, (fd, key, size) => {
        const { lines, end } = lastLines(fd, size, count - texts.length);
        texts.unshift(...lines);
        this.offsets.set(key, { at: end, look: 0 });
      });
    }
    return this.parse(texts);
  }

  /** Lines completed since the last call. */
  async fresh(): Promise<LogLine[]> {
    const texts: string[] = [];
    const look = (this.looks += 1);
    for (const file of await this.files()) {
      this.withFile(file, (fd, key, size) => {
        const known = this.offsets.get(key)?.at ?? 0;
        const from = known > size ? 0 : known; // somebody emptied it
        const { lines, end } = linesFrom(fd, from, size);
        texts.push(...lines);
        this.offsets.set(key, { at: end, look });
      });
    }
    // Not at once: a file that is renamed between listing and opening is missed for one look.
    for (const [key, { look: last }] of this.offsets)
      if (last < look - REMEMBERED_LOOKS) this.offsets.delete(key);
    return this.parse(texts);
  }

  private parse(texts: readonly string[]): LogLine[] {
    return texts.map((text) => {
      const line = parseLogLine(this.node, text, this.lastTime);
      this.lastTime = line.time;
      return line;
    });
  }

  private withFile(file: string, use: (fd: number, key: string, size: number) => void): void {
    let fd: number;
    try {
      fd = openSync(file, "r");
    } catch (error) {
      if (errorCode(error) === "ENOENT") return; // rotated away since it was listed: found under its new name next time
      throw error;
    }
    try {
      const { dev, ino, birthtimeMs, size } = fstatSync(fd);
      // With the birth time, since the inode of a deleted log may be the next one's.
      use(fd, `${dev}:${ino}:${birthtimeMs}`, size);
    } finally {
      closeSync(fd);
    }
  }
}

/** Whole lines from `from` on. `end` is behind the last newline: the rest is still being written. */
function linesFrom(fd: number, from: number, size: number): { lines: string[]; end: number } {
  const bytes = read(fd, from, size - from);
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  return { lines: split(bytes.subarray(0, end)), end: from + end };
}

/** The last `count` whole lines, read from the end backwards: a log may be large. */
function lastLines(fd: number, size: number, count: number): { lines: string[]; end: number } {
  let bytes = Buffer.alloc(0);
  let from = size;
  // One newline more than lines: the one in front of the first of them.
  while (from > 0 && newlines(bytes) <= Math.max(count, 1)) {
    const length = Math.min(CHUNK_BYTES, from);
    from -= length;
    bytes = Buffer.concat([read(fd, from, length), bytes]);
  }
  const end = bytes.lastIndexOf(NEWLINE) + 1;
  const lines = split(bytes.subarray(0, end));
  return { lines: count > 0 ? lines.slice(-count) : [], end: from + end };
}

function read(fd: number, from: number, length: number): Buffer {
  const bytes = Buffer.alloc(Math.max(0, length));
  let filled = 0;
  while (filled < bytes.length) {
    const count = readSync(fd, bytes, filled, bytes.length - filled, from + filled);
    if (count === 0) break;
    filled += count;
  }
  return bytes.subarray(0, filled);
}

function newlines(bytes: Buffer): number {
  let count = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) count += 1;
  return count;
}

function split(bytes: Buffer): string[] {
  return bytes.length === 0 ? [] : bytes.toString("utf8").slice(0, -1).split(/\r?\n/);
}
