import { stripVTControlCharacters } from "node:util";
import Table from "cli-table3";

/** The width that every screen keeps to. */
export const WIDTH = 100;

/** No lines, columns two blanks apart: what people can read and `awk` can split. */
const BORDERLESS = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: "  ",
};

export interface Column {
  title: string;
  align?: "left" | "right";
  /** Left out, the last one first, when the table would be wider than the screen. */
  optional?: boolean;
}

/** Lines of a table without borders or trailing blanks. Cells may hold colour codes. */
export function table(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const lines = draw(columns, rows);
  const surplus = columns.findLastIndex((column) => column.optional === true);
  const widest = Math.max(...lines.map((line) => stripVTControlCharacters(line).length));
  if (widest <= WIDTH || surplus < 0) return lines;
  const others = <T>(all: readonly T[]) => all.filter((_, at) => at !== surplus);
  return table(others(columns), rows.map(others));
}

function draw(columns: readonly Column[], rows: readonly (readonly string[])[]): string[] {
  const built = new Table({
    chars: BORDERLESS,
    style: { head: [], border: [], "padding-left": 0, "padding-right": 0 },
    colAligns: columns.map((column) => column.align ?? "left"),
  });
  built.push(
    columns.map((column) => column.title),
    ...rows.map((row) => [...row]),
  );
  return built
    .toString()
    .split("\n")
    .map((line) => line.trimEnd());
}

/** `text` broken at blanks into lines of at most `width`; words that are longer stay whole. */
export function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    const longer = line === "" ? word : `${line} ${word}`;
    if (longer.length > width && line !== "") {
      lines.push(line);
      line = word;
    } else {
      line = longer;
    }
  }
  return [...lines, line];
}
