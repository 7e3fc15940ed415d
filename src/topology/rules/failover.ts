import { leastDownAfterMs } from "../failover-profiles.ts";
import { majority, type Topology } from "../model.ts";
import { formatDuration } from "../units.ts";
import type { Report } from "./rule.ts";

/** Sentinel: a failover can start, finds someone to promote, and does not repeat itself. */

export function quorumIsPossible(topology: Topology, { problems }: Report): void {
  if (problems.isBroken("sentinel.quorum", "sentinel.count")) return;
  const { quorum, nodes } = topology.sentinel;
  if (quorum <= nodes.length) return;
  problems.error("sentinel.quorum", `is larger than the number of Sentinels (${nodes.length})`, {
    found: quorum,
    hint: `no failover could ever start; ${majority(topology)} is a majority`,
  });
}

export function quorumIsWise(topology: Topology, { problems }: Report): void {
  if (problems.isBroken("sentinel.quorum", "sentinel.count")) return;
  const { quorum, nodes } = topology.sentinel;
  const count = nodes.length;
  const needed = majority(topology);
  if (count < 3) {
    const text = `with ${count === 1 ? "one Sentinel" : "two Sentinels"} the loss of one ends automatic failover`;
    problems.info("sentinel.count", text, { hint: "three survive the loss of one" });
    return;
  }
  if (count % 2 === 0) {
    const text = `${count} Sentinels survive the loss of no more of them than ${count - 1} do`;
    problems.info("sentinel.count", text, { hint: "an odd number is cheaper" });
  }
  if (quorum < needed) {
    const text = `${quorum} of ${count} Sentinels may call the master down, but a failover needs ${needed} votes`;
    problems.info("sentinel.quorum", text, { hint: `a partitioned few can then start elections in vain` });
  }
  if (quorum > needed) {
    const text = `fewer than ${quorum} reachable Sentinels never call the master down, though ${needed} could elect`;
    problems.info("sentinel.quorum", text, { hint: `${needed} is a majority` });
  }
}

export function someoneCanBePromoted(topology: Topology, { problems }: Report): void {
  if (problems.isBroken("redis.replicas")) return;
  const [, ...replicas] = topology.redis.nodes;
  if (replicas.length === 0) {
    problems.info("redis.replicas", "without a replica nothing can take over from the master");
    return;
  }
  if (replicas.every((node) => node.priority === 0)) {
    const origin = replicas[0]?.directives.find(({ name }) => name === "replica-priority")?.origin;
    const key = origin?.from === "file" ? origin.key : "redis.config";
    problems.error(key, "replica-priority 0 on every replica means that none may ever be promoted", {
      hint: "leave at least one replica a priority above 0",
    });
    return;
  }
  const priorities = new Set(
    topology.redis.nodes.map((node) => node.priority).filter((priority) => priority > 0),
  );
  if (priorities.size > 1) {
    const text =
      "replicas have different priorities: Sentinel looks at them before it looks at who has more data";
    problems.info("redis.nodes", text, { hint: "equal priorities promote the replica that lost least" });
  }
}

/** Rule A. A shorter down-after calls a healthy new master down and fails over again. */
export function ruleA(topology: Topology, { problems }: Report): void {
  if (problems.isBroken("sentinel.downAfter", "sentinel.periods.ping")) return;
  const { downAfterMs, periods } = topology.sentinel;
  const least = leastDownAfterMs(periods.ping);
  if (downAfterMs >= least) return;
  problems.error("sentinel.downAfter", `must be at least ${formatDuration(least)}`, {
    found: formatDuration(downAfterMs),
    hint: "a shorter one fails over a healthy new master again: it must be Sentinel's ping period (sentinel.periods.ping) and 200ms more",
  });
}

/**
 * Rule B. sentinelSelectSlave rejects replicas whose last INFO is older than five ping periods, and INFO comes
 * at most once a second then; the failover aborts with no-good-slave and sleeps twice its timeout.
 */
export function ruleB(topology: Topology, { problems }: Report): void {
  if (problems.isBroken("sentinel.periods")) return;
  const { ping, info } = topology.sentinel.periods;
  const least = Math.min(info, 1000) + 400;
  if (5 * ping >= least) return;
  problems.error("sentinel.periods.ping", `must be at least ${formatDuration(Math.ceil(least / 5))}`, {
    found: formatDuration(ping),
    hint: "five ping periods must cover the INFO period (at most 1s) and 400ms, else no replica is good enough to be promoted",
  });
}

export function failoverTimeoutIsModest(topology: Topology, { problems }: Report): void {
  const { failoverTimeoutMs } = topology.sentinel;
  if (failoverTimeoutMs <= 60_000) return;
  const wait = formatDuration(2 * failoverTimeoutMs);
  problems.info("sentinel.failoverTimeout", `after a failed attempt nobody tries again for ${wait}`, {
    found: formatDuration(failoverTimeoutMs),
    hint: "10s is the default for that reason",
  });
}
