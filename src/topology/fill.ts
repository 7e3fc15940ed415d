import { isMap, isScalar, parseDocument } from "yaml";

/** Dotted path of a key → its value; undefined leaves the key alone. */
export type TopologyValues = Record<string, string | number | undefined>;

/** The text of a topology with these keys set, whatever it says of them itself. It must be sound YAML. */
export function setKeys(text: string, values: TopologyValues): string {
  return edit(text, values, true);
}

/** As `setKeys`, but a key that the text has keeps its value. */
export function fillKeys(text: string, values: TopologyValues): string {
  return edit(text, values, false);
}

function edit(text: string, values: TopologyValues, replace: boolean): string {
  const given = parseDocument(text);
  const document = isMap(given.contents) ? given : parseDocument("{}");
  for (const [path, value] of Object.entries(values)) {
    const keys = path.split(".");
    if (value === undefined || (document.hasIn(keys) && !replace)) continue;
    makeRoom(document, keys);
    document.setIn(keys, value);
  }
  return document.toString();
}

/** `redis:` with nothing behind it is an empty mapping to us, and null to YAML, into which no key can be put. */
function makeRoom(document: ReturnType<typeof parseDocument>, keys: readonly string[]): void {
  for (let depth = 1; depth < keys.length; depth++) {
    const around = keys.slice(0, depth);
    const found = document.getIn(around, true);
    if (isScalar(found) && found.value === null) document.deleteIn(around);
  }
}
