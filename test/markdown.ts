/** What the tests ask of a Markdown file. */

export interface Link {
  line: number;
  /** Without the anchor; empty for a link within the file. */
  path: string;
  anchor: string;
}

function withoutCode(markdown: string): string {
  // Replaced by as many line ends, so that line numbers stay right.
  const keepLines = (text: string) => text.replaceAll(/[^\n]/g, "");
  return markdown.replaceAll(/^(```|~~~)[\s\S]*?^\1/gm, keepLines).replaceAll(/`[^`\n]*`/g, "");
}

/** Links and images to files of the repository: no URLs. */
export function relativeLinks(markdown: string): Link[] {
  const links: Link[] = [];
  const inline = /\]\(\s*<?([^)\s>]+)>?[^)]*\)/g;
  const reference = /^\[[^\]]+\]:\s*<?([^\s>]+)/g;
  for (const [index, text] of withoutCode(markdown).split("\n").entries()) {
    for (const [, target] of [...text.matchAll(inline), ...text.matchAll(reference)]) {
      if (!target || /^[a-z][a-z+.-]*:/i.test(target)) continue;
      const [path = "", anchor = ""] = target.split("#");
      links.push({ line: index + 1, path: decodeURI(path), anchor });
    }
  }
  return links;
}

/** The anchors of the headings, as GitHub makes them. */
export function anchors(markdown: string): Set<string> {
  const found = new Set<string>();
  for (const [, title = ""] of markdown
    .replaceAll(/^```[\s\S]*?^```/gm, "")
    .matchAll(/^#{1,6}\s+(.+?)\s*#*$/gm)) {
    const words = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
    const slug = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(/\s/g, "-");
    let anchor = slug;
    for (let copy = 1; found.has(anchor); copy += 1) anchor = `${slug}-${copy}`;
    found.add(anchor);
  }
  return found;
}

/** The targets of every `make TARGET …` in inline code and code blocks. */
export function makeTargets(markdown: string): Set<string> {
  const code = [
    ...[...markdown.matchAll(/^```[^\n]*\n([\s\S]*?)^```/gm)].map((match) => match[1] ?? ""),
    ...[...markdown.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? ""),
  ];
  const calls = code.flatMap((text) => [...text.matchAll(/(?:^|[\s;&|$(])make ([a-z][a-z0-9-]*)/gm)]);
  return new Set(calls.map((match) => match[1] ?? ""));
}
