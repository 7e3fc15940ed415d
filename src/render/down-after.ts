/** How long a pause lasts. Times are wall clock ms. */
interface Span {
  since: number;
  until: number;
}

/**
 * The down-after that every Sentinel should have now: ms. `baseMs` is what it should have without a pause.
 *
 * As long as the whole pause, from its beginning: a master that dies in its first second has then not been silent
 * for long enough before its last one, and Sentinels that nobody puts back act one pause length later at most.
 */
export function downAfterNow(baseMs: number, pause: Span | null, now: number): number {
  if (pause === null || now >= pause.until) return baseMs;
  return Math.max(baseMs, pause.until - pause.since);
}

/**
 * A sentinel.conf with this down-after for this master. SENTINEL SET writes its value into the file, so a Sentinel
 * that was down when a pause began or ended would come back with the wrong one.
 */
export function withDownAfter(conf: string, master: string, ms: number): string {
  const own = (line: string): boolean => {
    const [first, key, name] = line.replaceAll('"', "").trim().split(/\s+/);
    return first === "sentinel" && key?.toLowerCase() === "down-after-milliseconds" && name === master;
  };
  const replace = (line: string): string => (own(line) ? line.trim().replace(/\S+$/, String(ms)) : line);
  if (conf.split("\n").some(own)) return conf.split("\n").map(replace).join("\n");
  // Sentinel leaves out what equals its own default (30 s) when it rewrites the file; it must follow the monitor line.
  return `${conf.replace(/\n*$/, "\n")}sentinel down-after-milliseconds ${master} ${ms}\n`;
}
