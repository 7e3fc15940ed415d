/**
 * When a node that ended is started again.
 *
 * A node that ends by itself comes back at once, then with growing pauses; one that keeps ending is given up,
 * loudly (Erlang's restart intensity): a server that cannot start must not hide behind a busy loop.
 *
 * The named master is different. While a replica could be promoted it is not restarted before the Sentinels have
 * decided: a restart may bring back older data (RDB only), and a master that loads for minutes answers -LOADING,
 * which Sentinel takes for alive, so nobody would fail over. See docs/decisions/master-crash-waits-for-sentinel.md.
 */
export interface RestartFacts {
  /** Monotonic ms. */
  now: number;
  /** When the process was found ended: monotonic ms. */
  endedAt: number;
  /** When this node was restarted before: monotonic ms, oldest first. */
  restarts: readonly number[];
  limit: { restarts: number; windowMs: number };
  /** The Sentinels still name this node master. */
  named: boolean;
  /** Some replica is in sync and may be promoted. */
  promotable: boolean;
  /** How long Sentinel may take to move the master, with one failed attempt: ms. */
  decisionMs: number;
}

export type RestartDecision =
  { do: "restart" } | { do: "wait"; why: string } | { do: "give-up"; why: string };

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;

export function decideRestart(facts: RestartFacts): RestartDecision {
  const recent = facts.restarts.filter((at) => facts.now - at < facts.limit.windowMs);
  if (recent.length >= facts.limit.restarts) {
    const seconds = facts.limit.windowMs / 1000;
    return { do: "give-up", why: `it ended ${recent.length + 1} times within ${seconds} s` };
  }
  const down = facts.now - facts.endedAt;
  if (facts.named && facts.promotable && down < facts.decisionMs) {
    return { do: "wait", why: "it was master: the Sentinels decide first" };
  }
  const pause = pauseAfter(recent.length);
  return down >= pause
    ? { do: "restart" }
    : { do: "wait", why: `the next start is in ${Math.ceil((pause - down) / 1000)} s` };
}

/** 0, 0.5, 1, 2, 4 … s. */
export function pauseAfter(restarts: number): number {
  return restarts === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** (restarts - 1), LONGEST_PAUSE_MS);
}
