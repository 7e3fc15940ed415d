import type {
  Address,
  NodeProcess,
  OperationSeen,
  PauseSeen,
  RedisSeen,
  SentinelSeen,
  Snapshot,
  StewardSeen,
} from "../../src/cluster/snapshot.ts";
import type { Directive, RedisNode, SentinelNode, Topology } from "../../src/topology/model.ts";

/**
 * Clusters for tests, in a line: `cluster().master("redis-master").replica("redis-slave-1", { lagBytes: 5 })`.
 *
 * What is not said is healthy. A snapshot is derived when it is asked for: the Sentinels name the first node
 * that was added with `master`, know every replica, and agree.
 */
export function cluster(): ClusterBuilder {
  return new ClusterBuilder();
}

/** The seed's cluster, healthy: one master, three replicas, three Sentinels. */
export function seedCluster(): ClusterBuilder {
  return cluster()
    .master("redis-master")
    .replica("redis-slave-1")
    .replica("redis-slave-2")
    .replica("redis-slave-3")
    .sentinels(3);
}

const HOST = "127.0.0.1";
/** 2026-01-02T03:04:05.678Z */
export const NOW = 1767323045678;

/** Topology facts of a node beside what was seen of it. */
export interface NodeSettings {
  host?: string;
  configuredPriority?: number;
  minReplicas?: number;
  appendOnly?: boolean;
  directives?: Record<string, string[]>;
}

class ClusterBuilder {
  private readonly redis: { node: RedisNode; seen: RedisSeen }[] = [];
  private readonly watchers: { node: SentinelNode; seen: Partial<SentinelSeen> }[] = [];
  private stewardSeen: StewardSeen = { running: true, pid: 900, startedAt: NOW - 3_600_000 };
  private operationSeen: OperationSeen | null = null;
  private pauseSeen: PauseSeen | null = null;
  private masterSeen: Snapshot["master"] | undefined;

  master(id: string, seen: Partial<RedisSeen> = {}, settings: NodeSettings = {}): this {
    return this.add(id, { role: "master", link: null, connectedReplicas: null, ...seen }, settings);
  }

  replica(id: string, seen: Partial<RedisSeen> = {}, settings: NodeSettings = {}): this {
    return this.add(id, { role: "replica", link: "up", lagBytes: 0, lagSeconds: 0, ...seen }, settings);
  }

  /** A data node without a process. */
  down(id: string, seen: Partial<RedisSeen> = {}, settings: NodeSettings = {}): this {
    return this.add(id, { ...nothingSeen("down"), ...seen }, settings);
  }

  sentinels(count: number, seen: Partial<SentinelSeen> = {}): this {
    for (let at = 0; at < count; at += 1) this.sentinel(`redis-sentinel-${this.watchers.length + 1}`, seen);
    return this;
  }

  sentinel(id: string, seen: Partial<SentinelSeen> = {}): this {
    const port = 26379 + this.watchers.length;
    const node: SentinelNode = {
      kind: "sentinel",
      id,
      bind: [HOST],
      host: HOST,
      port,
      reach: { host: HOST, port },
      announced: false,
      directives: [],
    };
    this.watchers.push({ node, seen });
    return this;
  }

  /** A Sentinel that does not answer. */
  sentinelDown(id: string, seen: Partial<SentinelSeen> = {}): this {
    return this.sentinel(id, {
      up: false,
      reason: null,
      master: null,
      masterNode: null,
      epoch: null,
      flags: [],
      quorumOk: null,
      quorumMessage: null,
      replicas: [],
      otherSentinels: null,
      silentMs: null,
      downAfterMs: null,
      periods: null,
      pid: null,
      runId: null,
      version: null,
      uptimeSeconds: null,
      ...seen,
    });
  }

  steward(seen: Partial<StewardSeen>): this {
    this.stewardSeen = { ...this.stewardSeen, ...seen };
    return this;
  }

  /** Paused by ann, two minutes ago, for half an hour; all Sentinels were told. */
  paused(reason = "new kernel"): this {
    this.pauseSeen = { by: "ann", reason, since: NOW - 120_000, until: NOW + 1_680_000 };
    for (const watcher of this.watchers) watcher.seen = { downAfterMs: 1_800_000, ...watcher.seen };
    return this;
  }

  operation(name: string): this {
    this.operationSeen = { name, pid: 901, since: NOW - 2000, token: 1 };
    return this;
  }

  /** Overrides what the majority names. */
  names(master: Snapshot["master"]): this {
    this.masterSeen = master;
    return this;
  }

  /** The address of a node by its name, for `follows` and opinions. */
  at(id: string): Address {
    const found = this.redis.find(({ node }) => node.id === id);
    if (!found) throw new Error(`no node ${id}`);
    return { host: found.node.host, port: found.node.port };
  }

  get topology(): Topology {
    const [first, ...others] = this.redis.map(({ node }) => node);
    const [firstSentinel, ...otherSentinels] = this.watchers.map(({ node }) => node);
    if (!first || !firstSentinel) throw new Error("a cluster has at least one node and one Sentinel");
    return {
      name: "mymaster",
      runtime: "local",
      production: false,
      durability: "async",
      failover: { profile: "standard", fast: true, spread: true },
      docker: {
        network: "bridge",
        subnet: "172.28.0.0/24",
        engine: "redis",
        images: { redis: "redis:7.4.2" },
        memoryBytes: null,
        cpus: null,
      },
      file: null,
      baseDir: "/srv/app",
      stateDir: "/srv/app/.vedette/mymaster",
      backupDir: "/srv/app/backups",
      redis: { nodes: [first, ...others] },
      sentinel: {
        nodes: [firstSentinel, ...otherSentinels],
        quorum: Math.min(2, this.watchers.length),
        downAfterMs: 5000,
        startDownAfterMs: 5000,
        failoverTimeoutMs: 10_000,
        parallelSyncs: 1,
        periods: { ping: 1000, info: 10_000, ask: 1000, publish: 2000, tilt: 30_000 },
      },
      security: { passwordFile: null },
      supervise: { restarts: 5, windowMs: 60_000 },
      logs: { maxBytes: 10_000_000, keep: 5 },
      slo: { writeGapMs: 10_000, lostWrites: 0 },
    };
  }

  get snapshot(): Snapshot {
    const { topology } = this;
    const sentinels = this.watchers.map(({ node, seen }) => ({ ...this.opinion(node), ...seen }));
    const reachable = sentinels.filter((sentinel) => sentinel.up).length;
    const needed = Math.max(Math.floor(sentinels.length / 2) + 1, topology.sentinel.quorum);
    const refused = sentinels.some((sentinel) => sentinel.quorumOk === false);
    const named = this.masterSeen === undefined ? this.majorityOf(sentinels) : this.masterSeen;
    const epochs = sentinels.flatMap((sentinel) => (sentinel.epoch === null ? [] : [sentinel.epoch]));
    return {
      cluster: topology.name,
      observedAt: NOW,
      master: named,
      epoch: epochs.length > 0 ? Math.max(...epochs) : null,
      quorum: { ok: reachable >= needed && !refused, needed, reachable },
      nodes: this.redis.map(({ seen }) => this.linked(seen)),
      sentinels,
      steward: this.stewardSeen,
      operation: this.operationSeen,
      pause: this.pauseSeen,
    };
  }

  /** The runtime's facts that would go with this snapshot. */
  get processes(): NodeProcess[] {
    const { nodes, sentinels } = this.snapshot;
    return [...nodes, ...sentinels].map(({ node, pid, wanted, gaveUp }) => ({
      node,
      state: pid === null ? "stopped" : "running",
      pid,
      startedAt: null,
      reason: null,
      wanted,
      gaveUp,
    }));
  }

  private add(id: string, seen: Partial<RedisSeen>, settings: NodeSettings): this {
    const port = 6379 + this.redis.length;
    const host = settings.host ?? HOST;
    const directives = Object.entries(settings.directives ?? {}).map(([name, args]): Directive => ({
      name,
      args,
      origin: { from: "default" },
    }));
    const node: RedisNode = {
      kind: "redis",
      id,
      bind: [host],
      host,
      port,
      reach: { host, port },
      announced: false,
      directives,
      dataDir: `/srv/app/.vedette/mymaster/redis/${id}`,
      priority: settings.configuredPriority ?? 100,
      minReplicas: { toWrite: settings.minReplicas ?? 0, maxLag: 10 },
      appendOnly: settings.appendOnly ?? true,
    };
    this.redis.push({ node, seen: { ...healthy(id, host, port, this.redis.length), ...seen } });
    return this;
  }

  private initial(): Address & { node: string } {
    const found = this.redis.find(({ seen }) => seen.role === "master") ?? this.redis[0];
    if (!found) throw new Error("no node");
    return { node: found.node.id, host: found.node.host, port: found.node.port };
  }

  private linked(seen: RedisSeen): RedisSeen {
    const { host, port } = this.initial();
    const online = this.redis.filter((other) => other.seen.link === "up").length;
    if (seen.role === "replica") return { ...seen, follows: seen.follows ?? { host, port } };
    if (seen.role === "master") return { ...seen, connectedReplicas: seen.connectedReplicas ?? online };
    return seen;
  }

  private opinion(node: SentinelNode): SentinelSeen {
    const master = this.initial();
    return {
      node: node.id,
      host: node.host,
      port: node.port,
      up: true,
      reason: null,
      authError: false,
      master: { host: master.host, port: master.port },
      masterNode: master.node,
      epoch: 0,
      flags: ["master"],
      quorumOk: true,
      quorumMessage: `OK ${this.watchers.length} usable Sentinels. Quorum and failover authorization can be reached`,
      tilt: false,
      replicas: this.redis
        .filter((other) => other.node.id !== master.node)
        .map(({ node, seen }) => ({
          host: node.host,
          port: node.port,
          flags: seen.state === "up" ? ["slave"] : ["s_down", "slave", "disconnected"],
          linkUp: seen.link === "up",
          priority: seen.priority ?? 100,
          offset: seen.offset,
          runId: seen.runId,
        })),
      otherSentinels: this.watchers.length - 1,
      peers: this.watchers
        .filter((other) => other.node.id !== node.id)
        .map((other) => ({ host: other.node.host, port: other.node.port })),
      silentMs: 400,
      downAfterMs: this.topology.sentinel.downAfterMs,
      periods: this.topology.sentinel.periods,
      runId: `run-${node.id}`,
      version: "7.0.15",
      uptimeSeconds: 3600,
      pid: 800 + node.port - 26379,
      gaveUp: false,
      wanted: true,
    };
  }

  private majorityOf(sentinels: SentinelSeen[]): Snapshot["master"] {
    for (const { master } of sentinels) {
      if (master === null) continue;
      const votes = sentinels.filter(
        (other) => other.master?.host === master.host && other.master.port === master.port,
      );
      if (votes.length < Math.floor(sentinels.length / 2) + 1) continue;
      const found = this.redis.find(({ node }) => node.host === master.host && node.port === master.port);
      return { host: master.host, port: master.port, node: found?.node.id ?? null };
    }
    return null;
  }
}

function healthy(id: string, host: string, port: number, index: number): RedisSeen {
  return {
    node: id,
    host,
    port,
    state: "up",
    reason: null,
    authError: false,
    role: null,
    link: null,
    follows: null,
    offset: 1_234_567,
    replId: "5f1c",
    lagBytes: null,
    lagSeconds: null,
    priority: 100,
    fenced: false,
    connectedReplicas: null,
    memoryBytes: 1_920_000,
    maxMemoryBytes: 268_435_456,
    clients: 7,
    opsPerSecond: 4,
    evictedKeys: 0,
    keys: { db0: 10 },
    persistence: { aofEnabled: true, lastSaveOk: true, lastAofWriteOk: true, lastAofRewriteOk: true },
    runId: `run-${id}`,
    version: "7.0.15",
    uptimeSeconds: 3600,
    pid: 700 + index,
    gaveUp: false,
    wanted: true,
  };
}

/** What is left of a node that does not answer. */
export function nothingSeen(state: RedisSeen["state"], reason: string | null = null): Partial<RedisSeen> {
  return {
    state,
    reason,
    role: null,
    link: null,
    follows: null,
    offset: null,
    replId: null,
    lagBytes: null,
    lagSeconds: null,
    priority: null,
    connectedReplicas: null,
    memoryBytes: null,
    maxMemoryBytes: null,
    clients: null,
    opsPerSecond: null,
    evictedKeys: null,
    keys: null,
    persistence: null,
    runId: null,
    version: null,
    uptimeSeconds: null,
    ...(state === "down" ? { pid: null } : {}),
  };
}
