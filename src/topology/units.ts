/** Durations and sizes as people write them. */

const DURATION_UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** Redis' memtoull: `k` is 1000 and `kb` 1024, in either case; a bare number is bytes. */
const SIZE_UNITS = {
  b: 1,
  k: 1000,
  kb: 1024,
  m: 1000 ** 2,
  mb: 1024 ** 2,
  g: 1000 ** 3,
  gb: 1024 ** 3,
} as const;

/** What a duration looks like; the JSON Schema shows it to editors. */
export const DURATION = /^\d+(?:\.\d+)?(?:ms|s|m|h|d)$/;
/** What a size looks like to Redis. It takes no fractions: `1.5gb` stops a server from starting. */
export const SIZE = /^\d+(?:[bB]|[kKmMgG][bB]?)?$/;

/** `5s`, `500ms`, `2m` as whole milliseconds, or null. A unit is required: 5 could be either. */
export function parseDuration(text: string): number | null {
  if (!DURATION.test(text)) return null;
  const unit = /[a-z]+$/.exec(text)?.[0];
  if (unit === undefined || !hasOwn(DURATION_UNITS, unit)) return null;
  const ms = Number(text.slice(0, -unit.length)) * DURATION_UNITS[unit];
  return Number.isSafeInteger(ms) ? ms : null;
}

/** Milliseconds in the largest unit that needs no fraction: 5000 → `5s`. */
export function formatDuration(ms: number): string {
  for (const unit of ["d", "h", "m", "s"] as const) {
    const size = DURATION_UNITS[unit];
    if (ms >= size && ms % size === 0) return `${ms / size}${unit}`;
  }
  return `${ms}ms`;
}

/** Bytes as Redis reads `text` (`256mb`, `1g`, `1024`), or null when Redis would refuse it. */
export function parseSize(text: string): number | null {
  if (!SIZE.test(text)) return null;
  const unit = (/[a-z]+$/i.exec(text)?.[0] ?? "b").toLowerCase();
  if (!hasOwn(SIZE_UNITS, unit)) return null;
  const bytes = Number.parseInt(text, 10) * SIZE_UNITS[unit];
  return Number.isSafeInteger(bytes) ? bytes : null;
}

/** Bytes in the largest binary unit that needs no fraction: 268435456 → `256mb`. */
export function formatSize(bytes: number): string {
  for (const unit of ["gb", "mb", "kb"] as const) {
    const size = SIZE_UNITS[unit];
    if (bytes >= size && bytes % size === 0) return `${bytes / size}${unit}`;
  }
  return String(bytes);
}

function hasOwn<T extends object>(table: T, key: PropertyKey): key is keyof T {
  return Object.hasOwn(table, key);
}
