import path from "node:path";
import type { Origin } from "./model.ts";
import type { Problems } from "./problems.ts";
import { parseDuration, parseSize } from "./units.ts";

/** Takes each key's value from the file or its default, and keeps where it came from. */
export class Picker {
  readonly origins = new Map<string, Origin>();

  constructor(
    private readonly baseDir: string,
    private readonly problems: Problems,
  ) {}

  pick<T>(key: string, value: T | undefined, fallback: T, otherwise: Origin = { from: "default" }): T {
    this.origins.set(key, value === undefined ? otherwise : this.fileOrigin(key));
    return value ?? fallback;
  }

  /** ms. */
  duration(key: string, value: string | undefined, fallback: number, otherwise?: Origin): number {
    const ms = value === undefined ? undefined : (parseDuration(value) ?? undefined);
    if (value !== undefined && (ms === undefined || ms < 1)) {
      this.problems.error(key, "must be at least 1ms, in whole milliseconds", { found: value });
    }
    return this.pick(key, ms === 0 ? undefined : ms, fallback, otherwise);
  }

  /** Bytes. */
  size(key: string, value: string | number | undefined, fallback: number): number {
    const bytes = value === undefined ? undefined : (parseSize(String(value)) ?? undefined);
    if (value !== undefined && (bytes === undefined || bytes < 1024)) {
      this.problems.error(key, "must be at least 1kb", { found: value });
    }
    return this.pick(key, bytes, fallback);
  }

  /** Absolute. */
  path(key: string, value: string | undefined, fallback: string): string {
    return path.resolve(this.baseDir, this.pick(key, value, fallback));
  }

  optionalPath(key: string, value: string | undefined): string | null {
    return value === undefined ? null : this.path(key, value, "");
  }

  fileOrigin(key: string): Origin {
    const place = this.problems.places.keys.get(key) ?? { line: 1, column: 1 };
    return { from: "file", key, ...place };
  }

  /** Where a value came from that follows from another key. */
  inherited(key: string, why: string): Origin {
    const origin = this.origins.get(key);
    return origin?.from === "file" ? origin : { from: "derived", why };
  }
}
