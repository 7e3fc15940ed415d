/**
 * Three-way merge of a configuration that its owner rewrites.
 *
 * Redis and Sentinel rewrite their working copies (CONFIG REWRITE, Sentinel's state), reorder lines and strip
 * comments, so a copy is never compared with its template. What is compared are two templates, the one that was
 * installed and the one that the topology gives now; only directives that differ between them are carried over.
 */
export interface ConfChange {
  /**
   * The directive, `maxmemory`, or with what it is about: `sentinel down-after-milliseconds`, `user default`.
   * `sentinel quorum` is the end of `sentinel monitor`, whose other words belong to Sentinel.
   */
  name: string;
  /** Whole lines before and after; empty = not there. */
  from: string[];
  to: string[];
}

/** Lines of a template that only say where a node started; afterwards they belong to Redis and Sentinel. */
const STARTING_POINT = new Set(["replicaof", "slaveof", "sentinel monitor", "sentinel myid"]);

const DEFAULT_USER = "user default";
const QUORUM = "sentinel quorum";
const MONITOR = /^sentinel\s+monitor\s+(\S+)\s.*\s(\d+)$/i;

/** What changed from the installed template to the new one. */
export function confChanges(installed: string, next: string): ConfChange[] {
  const before = group(installed);
  const after = group(next);
  const names = new Set([...before.keys(), ...after.keys()]);
  const changes = [...names]
    .filter((name) => !STARTING_POINT.has(name))
    .map((name) => ({ name, from: before.get(name) ?? [], to: after.get(name) ?? [] }))
    .filter((change) => change.from.join("\n") !== change.to.join("\n"));
  // CONFIG REWRITE keeps the password a second time, as a hash in a `user default` line, which Redis reads after
  // `requirepass`: left there it would bring the old password back.
  const hashed = changes.some(({ name }) => name === "requirepass") && !names.has(DEFAULT_USER);
  return hashed ? [...changes, { name: DEFAULT_USER, from: [], to: [] }] : changes;
}

/** The working copy with `changes` applied; everything else stays as its owner wrote it. */
export function applyChanges(live: string, changes: readonly ConfChange[]): string {
  const changed = new Set(changes.map((change) => change.name));
  const kept = live.split("\n").filter((line) => !changed.has(directiveName(line) ?? ""));
  while (kept.at(-1) === "") kept.pop();
  const quorum = changes
    .find(({ name }) => name === QUORUM)
    ?.to[0]?.split(" ")
    .at(-1);
  const lines = quorum === undefined ? kept : kept.map((line) => withQuorum(line, quorum));
  const added = changes.filter(({ name }) => name !== QUORUM).flatMap((change) => change.to);
  return [...lines, ...added, ""].join("\n");
}

function withQuorum(line: string, quorum: string): string {
  return MONITOR.test(line.trim()) ? line.trim().replace(/\d+$/, quorum) : line;
}

function group(text: string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const line of text.split("\n")) {
    const name = directiveName(line);
    if (name !== null) groups.set(name, [...(groups.get(name) ?? []), line.trim()]);
    const [, master, quorum] = MONITOR.exec(line.trim()) ?? [];
    if (master !== undefined) groups.set(QUORUM, [`${QUORUM} ${master} ${quorum}`]);
  }
  return groups;
}

function directiveName(line: string): string | null {
  const words = line.trim().split(/\s+/);
  const first = words[0]?.toLowerCase() ?? "";
  if (first === "" || first.startsWith("#")) return null;
  const second = words[1]?.replaceAll('"', "") ?? "";
  if (first === "user") return `user ${second}`;
  return first === "sentinel" ? `sentinel ${second.toLowerCase()}` : first;
}
