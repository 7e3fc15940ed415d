import { VedetteError } from "../errors.ts";
import { splitArguments } from "../topology/arguments.ts";

/** The syntax of redis.conf and sentinel.conf, written and read as Redis does. */

/** One directive of a configuration file; `args` are unquoted. */
export interface ConfLine {
  name: string;
  args: string[];
}

/** A directive and the line (from 1) it was read from. */
export interface ParsedLine extends ConfLine {
  line: number;
}

const PLAIN = /^[A-Za-z0-9_.,:;/@%+=*~&|^$?!<>()[\]{}-][A-Za-z0-9_.,:;/@%+=*~&|^$?!<>()[\]{}#-]*$/;
const SHORT: Record<string, string> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\u0007": "\\a",
};

/** `arg` as one word: plain where Redis reads it so, else in double quotes with escapes. */
export function quote(arg: string): string {
  if (PLAIN.test(arg)) return arg;
  const escaped = arg.replaceAll(/[\\"\p{Cc}]/gu, (character) => SHORT[character] ?? hex(character));
  return `"${escaped}"`;
}

/** A byte as `\xHH`. Control characters beyond ASCII are several bytes, and harmless as they are. */
function hex(character: string): string {
  if (character > "\u007f") return character;
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** A directive as a line of a configuration file, without the line end. */
export function formatLine({ name, args }: ConfLine): string {
  return [name, ...args.map(quote)].join(" ");
}

/**
 * Reads a configuration file as loadServerConfigFromString does: comments only on lines of their own, names in
 * any case, quotes that must balance.
 *
 * @throws VedetteError naming the line that Redis would refuse
 */
export function parseConf(text: string): ParsedLine[] {
  return text.split("\n").flatMap((written, index) => {
    const line = written.replaceAll(/^[ \t\r]+|[ \t\r]+$/g, "");
    if (line === "" || line.startsWith("#")) return [];
    const words = splitArguments(line);
    if (words === null)
      throw new VedetteError(`reading a configuration: line ${index + 1} has unbalanced quotes`);
    const [name, ...args] = words;
    return name === undefined ? [] : [{ name: name.toLowerCase(), args, line: index + 1 }];
  });
}
