/**
 * Sizes and profiles: named sets of directives for the seed's sizing and tuning sections.
 *
 * A later layer wins: default < size < profile < `redis.config` < `redis.nodes.NODE.config`.
 */

export const SIZES = ["dev", "small", "medium", "large"] as const;
export const PROFILES = ["cache", "store", "read-heavy", "write-heavy"] as const;
export type Size = (typeof SIZES)[number];
export type Profile = (typeof PROFILES)[number];

/** Directive name → the lines it stands on, each a list of arguments. */
export type DirectiveSet = Record<string, string[][]>;

function one(...args: string[]): string[][] {
  return [args];
}

/**
 * `maxmemory` is the lower end of the seed's ranges: the fork of a full sync or an AOF rewrite may need as much
 * again for copied pages. The larger a data set, the longer a full sync, and the more the backlog and the
 * replicas' output buffers must hold so that it ends in success and not in the next one.
 */
export const SIZE_DIRECTIVES: Record<Size, DirectiveSet> = {
  dev: { maxmemory: one("256mb") },
  small: { maxmemory: one("1gb") },
  medium: {
    maxmemory: one("4gb"),
    "repl-backlog-size": one("128mb"),
    "client-output-buffer-limit": one("replica", "512mb", "256mb", "120"),
  },
  large: {
    maxmemory: one("16gb"),
    "repl-backlog-size": one("256mb"),
    "client-output-buffer-limit": one("replica", "1gb", "512mb", "120"),
  },
};

export const PROFILE_DIRECTIVES: Record<Profile, DirectiveSet> = {
  /** Losing a key costs a look-up elsewhere. */
  cache: {
    "maxmemory-policy": one("allkeys-lru"),
    "lazyfree-lazy-eviction": one("yes"),
    "lazyfree-lazy-expire": one("yes"),
  },
  /** Losing a key is losing data: no eviction, and a master without replicas stops taking writes. */
  store: {
    "maxmemory-policy": one("noeviction"),
    "min-replicas-to-write": one("1"),
    "min-replicas-max-lag": one("10"),
  },
  /** Freeing memory must not stall readers. Says nothing about eviction, so that it goes with `store`. */
  "read-heavy": { "lazyfree-lazy-eviction": one("yes"), "lazyfree-lazy-server-del": one("yes") },
  /**
   * Keeps `appendfsync everysec`: `no` would lose what the kernel held, and a kill of the host is what the
   * append-only file is for. Instead it rewrites less often and lets replicas fall further behind.
   */
  "write-heavy": {
    appendfsync: one("everysec"),
    "auto-aof-rewrite-min-size": one("256mb"),
    "repl-backlog-size": one("256mb"),
    "client-output-buffer-limit": one("replica", "1gb", "512mb", "120"),
  },
};

/** Directives that two of the profiles set differently, in words; empty when they go together. */
export function profileConflicts(profiles: readonly Profile[]): string[] {
  const conflicts: string[] = [];
  profiles.forEach((first, i) => {
    for (const second of profiles.slice(i + 1)) {
      for (const [name, lines] of Object.entries(PROFILE_DIRECTIVES[first])) {
        const other = PROFILE_DIRECTIVES[second][name];
        if (other === undefined || text(other) === text(lines)) continue;
        conflicts.push(`${first} sets ${name} ${text(lines)} and ${second} sets ${name} ${text(other)}`);
      }
    }
  });
  return conflicts;
}

function text(lines: string[][]): string {
  return lines.map((args) => args.join(" ")).join(", ");
}
