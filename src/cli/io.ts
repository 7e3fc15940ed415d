import picocolors from "picocolors";
import { UsageError } from "../errors.ts";

/** Where a command reads and writes. Tests pass their own. */
export interface Io {
  /** Results: stdout. */
  out(text: string): void;
  /** Progress and errors: stderr, so that results can be piped. */
  note(text: string): void;
  /** True when stdout is a terminal that wants colour. */
  colour: boolean;
  /** True when a person can be asked. */
  interactive: boolean;
  /** True when stdout is a terminal. */
  terminal: boolean;
  columns: number;
}

export function processIo(): Io {
  return {
    out: (text) => void process.stdout.write(text.endsWith("\n") ? text : `${text}\n`),
    note: (text) => void process.stderr.write(text.endsWith("\n") ? text : `${text}\n`),
    colour: isTerminal(process.stdout) && picocolors.isColorSupported,
    interactive: isTerminal(process.stdin) && isTerminal(process.stderr),
    terminal: isTerminal(process.stdout),
    columns: process.stdout.columns || 100,
  };
}

/** Off a terminal isTTY is undefined, which would leave colour to picocolors: it colours wherever CI is set. */
function isTerminal(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY ?? false;
}

/** Asks before something is destroyed. Without a person to ask only `--yes` goes on. */
export async function confirm(io: Io, yes: boolean, question: string): Promise<boolean> {
  if (yes) return true;
  requirePerson(io);
  const { askYes } = await import("./prompts.ts");
  return askYes(question);
}

/** Asks for a word to be typed, for what cannot be taken back. */
export async function confirmByName(io: Io, yes: boolean, what: string, name: string): Promise<boolean> {
  if (yes) return true;
  requirePerson(io);
  const { askWord } = await import("./prompts.ts");
  return (await askWord(`${what} Type the cluster's name, ${name}, to go on:`)) === name;
}

function requirePerson(io: Io): void {
  if (io.interactive) return;
  throw new UsageError("asking for confirmation: there is no terminal to ask at", {
    next: "add --yes (with make: YES=1) if this is what you want; nothing was touched",
  });
}

export function json(io: Io, value: unknown): void {
  io.out(JSON.stringify(value, null, 2));
}
