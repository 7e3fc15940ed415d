import type { Colours } from "./colours.ts";

/** Text that others wrote (log lines, keys, client names) without what would steer the terminal. */
export function harmless(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}]/gu, (character) =>
    character === "\t" ? character : `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

/** `2026-11-23 09:02:05.123`, in the local time that people and Redis's own logs use. */
export function localStamp(time: number): string {
  const at = new Date(time);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  const clock = `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
  return `${day} ${clock}.${String(at.getMilliseconds()).padStart(3, "0")}`;
}

/** A column of node names, each in a colour of its own. */
export function nodeColumn(names: readonly string[], colours: Colours): (name: string) => string {
  const width = Math.max(0, ...names.map((name) => name.length));
  const paints = [
    colours.cyan,
    colours.yellow,
    colours.green,
    colours.magenta,
    colours.blue,
    colours.cyanBright,
    colours.yellowBright,
    colours.greenBright,
    colours.magentaBright,
    colours.blueBright,
  ];
  return (name) => {
    const paint = paints[Math.max(0, names.indexOf(name)) % paints.length] ?? String;
    return paint(name.padEnd(width));
  };
}
