import type { NodeInfo } from "../../operations/node-infos.ts";
import { coloursFor } from "./colours.ts";
import { harmless } from "./text.ts";

/** INFO of several nodes, each below a heading with the role that it has now. */
export function printInfos(infos: readonly NodeInfo[], colour: boolean): string {
  const colours = coloursFor(colour);
  return infos
    .map(({ node, role, info, error }) => {
      const now = role === null ? colours.red("no answer") : colours.bold(`${role} now`);
      const heading = `=== ${colours.bold(node.id)}  ${now}, at ${node.host}:${node.port} ===`;
      if (info === null) return `${heading}\n${error ?? ""}\n`;
      if (info.size === 0) return `${heading}\nthis node has no such section\n`;
      return [heading, ...sections(info, colours.cyan), ""].join("\n");
    })
    .join("\n");
}

function sections(info: NonNullable<NodeInfo["info"]>, paint: (text: string) => string): string[] {
  return [...info].flatMap(([section, fields], at) => [
    ...(at === 0 ? [] : [""]),
    paint(`# ${section}`),
    ...[...fields].map(([name, value]) => `${name}:${harmless(value)}`),
  ]);
}

/** For `--json`: values as the server writes them. */
export function infoJson(cluster: string, infos: readonly NodeInfo[]) {
  return {
    schema: 1,
    cluster,
    nodes: infos.map(({ node, role, info, error }) => ({
      node: node.id,
      host: node.host,
      port: node.port,
      kind: node.kind,
      role,
      error,
      info:
        info === null
          ? null
          : Object.fromEntries([...info].map(([name, fields]) => [name, Object.fromEntries(fields)])),
    })),
  };
}
