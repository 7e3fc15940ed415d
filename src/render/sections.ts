import path from "node:path";
import type { Topology } from "../topology/model.ts";
import { formatLine, type ConfLine } from "./conf-syntax.ts";

/** The layout of a rendered configuration file: a header, then titled sections with notes above their lines. */

export interface Section {
  title: string;
  lines: ConfLine[];
}

/**
 * `absolute` for working copies, whose process may start anywhere; `relative` for files that people share;
 * `container` for a process that sees its volume alone.
 */
export interface RenderOptions {
  paths?: "relative" | "absolute" | "container";
}

/** A path as it is written: below the topology's directory it can be relative, elsewhere never. */
export function renderedPath(topology: Topology, absolute: string, options: RenderOptions): string {
  if (options.paths === "absolute" || options.paths === "container") return absolute;
  const relative = path.relative(topology.baseDir, absolute);
  return relative === ".." || relative.startsWith("../") ? absolute : relative || ".";
}

/** Why the file is not to be edited, and what to edit instead. */
export function header(topology: Topology, what: string, { paths }: RenderOptions): string[] {
  const file = topology.file === null ? "vedette.yaml" : path.basename(topology.file);
  return [
    `# ${what}`,
    "#",
    `# Rendered from ${file} by \`vedette render\`. Edit ${file} and render again: changes made here are lost.`,
    ...(paths === "container"
      ? ["# Redis never writes to this file; each container works on a copy in its volume."]
      : [
          "# Redis never writes to this file; each process works on a copy in the state directory.",
          `# Relative paths start from the directory of ${file}.`,
        ]),
  ];
}

/** Puts lines into the sections that list their names; the rest goes to the one that lists none. */
export function arrange(
  lines: ConfLine[],
  sections: readonly (readonly [title: string, names: string])[],
): Section[] {
  const owner = new Map<string, string>();
  for (const [title, names] of sections) for (const name of names.split(/\s+/)) owner.set(name, title);
  const rest = sections.find(([, names]) => names === "")?.[0];
  return sections
    .map(([title]) => ({ title, lines: lines.filter(({ name }) => (owner.get(name) ?? rest) === title) }))
    .filter((section) => section.lines.length > 0);
}

export function layOut(head: string[], sections: Section[], notes: Record<string, string>): string {
  const text = [...head];
  for (const { title, lines } of sections) {
    text.push("", `# --- ${title} ---`);
    let before = "";
    for (const line of lines) {
      const key = line.name === "sentinel" ? `sentinel ${line.args[0] ?? ""}` : line.name;
      const note = key === before ? undefined : notes[key];
      if (note !== undefined) text.push(...note.split("\n").map((comment) => `# ${comment}`));
      text.push(formatLine(line));
      before = key;
    }
  }
  return `${text.join("\n")}\n`;
}
