import type { Finding, Severity } from "../../cluster/finding.ts";
import type { Colours } from "./colours.ts";
import { WIDTH, wrap } from "./table.ts";

const INDENT = " ".repeat(9);

/** Each finding with its code, what it says, and what to type. */
export function findingLines(findings: readonly Finding[], colours: Colours): string[] {
  return findings.flatMap((finding) => {
    const paint = severityColour(finding.severity, colours);
    const mark = paint(finding.severity.padEnd(7));
    const [first = "", ...rest] = wrap(`${finding.code}  ${finding.message}`, WIDTH - INDENT.length);
    const action = wrap(`→ ${finding.action}`, WIDTH - INDENT.length);
    const coded = first.replace(finding.code, colours.bold(finding.code));
    return [
      `${mark}  ${coded}`,
      ...rest.map((line) => INDENT + line),
      ...action.map((line, at) => INDENT + (at === 0 ? "" : "  ") + colours.cyan(line)),
    ];
  });
}

function severityColour(severity: Severity, colours: Colours): Colours["red"] {
  if (severity === "error") return colours.red;
  return severity === "warning" ? colours.yellow : colours.dim;
}
