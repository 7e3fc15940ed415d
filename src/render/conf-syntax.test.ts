import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { VedetteError } from "../errors.ts";
import { splitArguments } from "../topology/arguments.ts";
import { formatLine, parseConf, quote } from "./conf-syntax.ts";

/** Text with the characters that matter here far more often than by chance. NUL cannot stand in a C string. */
const nasty = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...Array.from(" \t\n\r\u000b\f\b\u0007\u001f\u007f\"'\\#xna0é€😀\u0085\u00a0\u2028\ufeff"),
      ),
      fc.string({ unit: "grapheme", maxLength: 2 }),
    ),
    { maxLength: 12 },
  )
  .map((pieces) => pieces.join("").replaceAll("\0", ""));

describe("quote", () => {
  it.each([
    ["plain", "plain"],
    ["256mb", "256mb"],
    ["/var/lib/redis", "/var/lib/redis"],
    ["::1", "::1"],
    ["", '""'],
    ["a b", '"a b"'],
    ["#x", '"#x"'],
    ["x#", "x#"],
    ['say "hi"', '"say \\"hi\\""'],
    ["back\\slash", '"back\\\\slash"'],
    ["it's", `"it's"`],
    ["two\nlines", '"two\\nlines"'],
    ["\u0001", '"\\x01"'],
    ["\u007f", '"\\x7f"'],
  ])("%j", (arg, expected) => expect(quote(arg)).toBe(expected));

  it("is read back by Redis' splitting, whatever the arguments", () => {
    fc.assert(
      fc.property(fc.array(nasty, { minLength: 1, maxLength: 5 }), (args) => {
        const line = formatLine({ name: "user", args });
        expect(line).not.toMatch(/[\n\r]/);
        expect(splitArguments(line)).toEqual(["user", ...args]);
      }),
      { numRuns: 1000 },
    );
  });

  it("is read back from a file of several lines", () => {
    const directive = fc.record({
      name: fc.constantFrom("save", "user", "sentinel"),
      args: fc.array(nasty, { maxLength: 4 }),
    });
    fc.assert(
      fc.property(fc.array(directive), (directives) => {
        const text = directives.map((line) => `# note\n${formatLine(line)}\n`).join("\n");
        expect(parseConf(text).map(({ name, args }) => ({ name, args }))).toEqual(directives);
      }),
    );
  });
});

describe("splitArguments, as sdssplitargs", () => {
  it.each<[string, string[] | null]>([
    ["  a  b\tc  ", ["a", "b", "c"]],
    ["", []],
    [`a'b c'`, ["ab c"]],
    [`'it\\'s' 'a\\n'`, ["it's", "a\\n"]],
    [String.raw`"\x41\n\t\q\xzz"`, ["A\n\tqxzz"]],
    [String.raw`"\xc3\xa9"`, ["é"]],
    [`plain\\n`, ["plain\\n"]],
    [`"a"b`, null],
    [`'a'b`, null],
    [`"a`, null],
    [`'a`, null],
    [`"a\\`, null],
    [`a "" ''`, ["a", "", ""]],
    ["a\0b c", ["a"]],
  ])("%j", (text, expected) => expect(splitArguments(text)).toEqual(expected));
});

describe("parseConf", () => {
  it("skips comments and blank lines, lowers names, keeps line numbers and trailing hashes", () => {
    expect(
      parseConf('# c\r\n\n  PORT 6379\r\n\t# d\nappendfsync no # max\nsentinel monitor "m" ::1 1 2\n'),
    ).toEqual([
      { name: "port", args: ["6379"], line: 3 },
      { name: "appendfsync", args: ["no", "#", "max"], line: 5 },
      { name: "sentinel", args: ["monitor", "m", "::1", "1", "2"], line: 6 },
    ]);
  });

  it("names the line that Redis would refuse", () => {
    expect(() => parseConf('a b\nc "d\n')).toThrow(VedetteError);
    expect(() => parseConf('a b\nc "d\n')).toThrow("line 2 has unbalanced quotes");
  });
});
