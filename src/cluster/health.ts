import prettyBytes from "pretty-bytes";
import type { Topology } from "../topology/model.ts";
import { isHealthy, type Finding, type FindingCode } from "./finding.ts";
import { pauseSentence } from "./pause.ts";
import type { RedisSeen, SentinelSeen, Snapshot } from "./snapshot.ts";
import { listed, nameAt, viewOf, type View } from "./view.ts";

/** One line of `vedette health`. */
export interface HealthCheck {
  /** A stable name: `master`, `redis-slave-1`, `quorum`, … */
  check: string;
  ok: boolean;
  detail: string;
}

/** Where a finding shows up: at its node's own check, or at a check of the cluster. */
type Place =
  | "node"
  | "cluster"
  | "master"
  | "quorum"
  | "sentinels"
  | "persistence"
  | "memory"
  | "versions"
  | "steward"
  | "failover";

const PLACES = {
  NOT_STARTED: "cluster",
  ALL_DOWN: "cluster",
  NO_QUORUM: "quorum",
  NO_MASTER: "master",
  MASTER_UNKNOWN: "master",
  MASTER_DOWN: "master",
  MASTER_IS_REPLICA: "master",
  TWO_MASTERS: "master",
  MASTER_NOT_NAMED: "master",
  MASTER_FENCED: "master",
  TOO_FEW_REPLICAS: "master",
  FAILOVER_IN_PROGRESS: "master",
  NODE_AUTH: "node",
  NODE_GAVE_UP: "node",
  NODE_DOWN: "node",
  NODE_UNREACHABLE: "node",
  NODE_WAITING: "node",
  NODE_LOADING: "node",
  REPLICA_WRONG_MASTER: "node",
  REPLICA_LINK_DOWN: "node",
  REPLICA_SYNCING: "node",
  REPLICA_LAGS: "node",
  REPLICA_NOT_PROMOTABLE: "node",
  SAVE_FAILING: "persistence",
  AOF_FAILING: "persistence",
  MEMORY_HIGH: "memory",
  VERSION_MIX: "versions",
  SENTINEL_AUTH: "node",
  SENTINEL_DOWN: "node",
  SENTINEL_NOT_MONITORING: "sentinels",
  SENTINELS_DISAGREE: "sentinels",
  SENTINEL_TILT: "node",
  SENTINEL_TIMING: "node",
  SENTINEL_SEES_DOWN: "sentinels",
  SENTINEL_MISSES_REPLICA: "sentinels",
  SENTINEL_MISSES_PEER: "sentinels",
  SENTINEL_STALE_ENTRY: "sentinels",
  STEWARD_DOWN: "steward",
  PAUSED: "failover",
  ONE_HOST: "cluster",
  FEW_SENTINELS: "cluster",
  NO_REPLICAS: "cluster",
  EVICTION: "memory",
  PERSISTENCE_OFF: "persistence",
} as const satisfies Record<FindingCode, Place>;

/**
 * The findings as a list of checks, each passed or failed.
 *
 * Some check fails exactly when a finding is above `info`. A check whose subject is not well, but only as a
 * consequence of something else that was found, fails too: no line says `ok` of what was not seen to be well.
 */
export function healthChecks(
  topology: Topology,
  snapshot: Snapshot,
  findings: readonly Finding[],
): HealthCheck[] {
  const bad = findings.filter((finding) => finding.severity !== "info");
  const place = (finding: Finding) => PLACES[finding.code];
  const whole = bad.filter((finding) => place(finding) === "cluster");
  if (whole.length > 0) return [failed("cluster", whole)];
  const view = viewOf(topology, snapshot);
  return subjects(view).map(({ check, kind, seen, well }) => {
    const mine = bad.filter(
      (finding) => place(finding) === kind && (kind !== "node" || finding.node === check),
    );
    if (mine.length > 0) return failed(check, mine);
    return { check, ok: well || isHealthy(findings), detail: seen };
  });
}

function failed(check: string, findings: Finding[]): HealthCheck {
  return {
    check,
    ok: false,
    detail: findings.map((finding) => `${finding.code}: ${finding.message}`).join("; "),
  };
}

interface Subject {
  check: string;
  kind: Place;
  /** What was seen of it when nothing was found. */
  seen: string;
  well: boolean;
}

function subjects(view: View): Subject[] {
  const { snapshot } = view;
  return [
    masterSubject(view),
    ...snapshot.nodes.map(nodeSubject),
    ...snapshot.sentinels.map(sentinelSubject),
    agreement(view),
    quorumSubject(view),
    persistence(view),
    memory(view),
    versions(view),
    steward(view),
    ...pause(view),
  ];
}

function masterSubject({ topology, snapshot, master }: View): Subject {
  const seen =
    snapshot.master === null
      ? "not known"
      : `${nameAt(topology, snapshot.master)} at ${snapshot.master.host}:${snapshot.master.port}, epoch ${snapshot.epoch ?? "unknown"}`;
  return { check: "master", kind: "master", seen, well: master?.state === "up" && master.role === "master" };
}

function nodeSubject(node: RedisSeen): Subject {
  const common = { check: node.node, kind: "node" } as const;
  if (node.state !== "up") return { ...common, seen: node.reason ?? node.state, well: false };
  if (node.role !== "replica")
    return { ...common, seen: `answers as ${node.role ?? "neither role"}`, well: true };
  const lag = [
    node.lagBytes === null ? null : `${prettyBytes(node.lagBytes)} behind`,
    node.lagSeconds === null ? null : `heard from its master ${node.lagSeconds} s ago`,
  ].filter((part) => part !== null);
  const seen = [`replica, link ${node.link ?? "unknown"}`, ...lag].join(", ");
  return { ...common, seen, well: node.link === "up" };
}

function sentinelSubject(sentinel: SentinelSeen): Subject {
  const seen = sentinel.up ? "answers" : (sentinel.reason ?? "down");
  return { check: sentinel.node, kind: "node", seen, well: sentinel.up };
}

function agreement({ topology, snapshot, reachable }: View): Subject {
  const named = [
    ...new Set(reachable.map(({ master }) => (master === null ? "nobody" : nameAt(topology, master)))),
  ];
  const count = `${reachable.length} of ${snapshot.sentinels.length}`;
  const [only] = named;
  const agree = named.length === 1 && only !== "nobody";
  const seen = agree ? `${count} name ${only}` : `${count} answer and name ${listed(named) || "nobody"}`;
  return { check: "sentinels", kind: "sentinels", seen, well: agree && snapshot.master !== null };
}

function quorumSubject({ snapshot: { quorum } }: View): Subject {
  const seen = `${quorum.reachable} Sentinels answer, ${quorum.needed} needed`;
  return { check: "quorum", kind: "quorum", seen, well: quorum.ok };
}

function persistence({ snapshot }: View): Subject {
  const asked = snapshot.nodes.filter((node) => node.persistence !== null);
  const seen = `no failed save or append-only write on ${asked.length} of ${snapshot.nodes.length} nodes`;
  return { check: "persistence", kind: "persistence", seen, well: asked.length > 0 };
}

function memory({ master }: View): Subject {
  const common = { check: "memory", kind: "memory" } as const;
  if (master === null || master.memoryBytes === null) return { ...common, seen: "not known", well: false };
  const limit = master.maxMemoryBytes
    ? ` of ${prettyBytes(master.maxMemoryBytes, { binary: true })}`
    : ", no limit";
  return {
    ...common,
    seen: `the master uses ${prettyBytes(master.memoryBytes, { binary: true })}${limit}`,
    well: true,
  };
}

function versions({ snapshot }: View): Subject {
  const found = [...new Set(snapshot.nodes.flatMap(({ version }) => version ?? []))];
  return {
    check: "versions",
    kind: "versions",
    seen: found.length > 0 ? `all answer with ${listed(found)}` : "not known",
    well: found.length > 0,
  };
}

function steward({ snapshot }: View): Subject {
  const { running, pid } = snapshot.steward;
  return {
    check: "steward",
    kind: "steward",
    seen: `runs${pid === null ? "" : ` (process ${pid})`}`,
    well: running,
  };
}

/** A line of its own only while there is something to say: a pause was asked for, so it is no failure. */
function pause({ snapshot: { pause: seen, observedAt } }: View): Subject[] {
  if (seen === null) return [];
  return [{ check: "failover", kind: "failover", seen: pauseSentence(seen, observedAt), well: true }];
}
