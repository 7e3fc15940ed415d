import path from "node:path";
import { DEFAULTS, defaultQuorum, redisDefaults, SENTINEL_DEFAULTS } from "./defaults.ts";
import { addressOf, type DockerSettings } from "./docker.ts";
import { sentinelTiming, startDownAfterMs, type FailoverProfile } from "./failover-profiles.ts";
import { durabilityDirectives } from "./durability.ts";
import { fileLayer, merge, ownLayer, toDirectives, toSentinelDirectives, type Layer } from "./layers.ts";
import type { Origin, RedisNode, ResolvedTopology, RuntimeKind, SentinelNode, Topology } from "./model.ts";
import { bindAddress, bindAddresses, canonicalHost, isWildcard, redisIds, sentinelIds } from "./names.ts";
import { Picker } from "./picker.ts";
import { announceEverywhere, checkNodeNames, resolveHostNames } from "./peers.ts";
import { TopologyError, type Problems } from "./problems.ts";
import { PROFILE_DIRECTIVES, profileConflicts, SIZE_DIRECTIVES, type Profile } from "./profiles.ts";
import { checkRules } from "./rules.ts";
import { dockerSettings } from "./resolve-docker.ts";
import type { RawTopology } from "./schema.ts";

/**
 * From what a file says to what a cluster is: defaults, sizes, profiles, units and derived values.
 *
 * @param raw what the file says, already of the right shape
 * @param file absolute path of the file, or null for the built-in defaults
 * @param baseDir absolute directory that relative paths start from
 * @param runtime the one asked for on the command line, which wins over the file's
 * @throws TopologyError with every problem, including those that `problems` had before
 */
export function resolveTopology(
  raw: RawTopology,
  file: string | null,
  baseDir: string,
  problems: Problems,
  runtime?: RuntimeKind,
): ResolvedTopology {
  const resolved = new Resolver(raw, file, baseDir, problems, runtime).resolve();
  checkRules(resolved, problems);
  const errors = problems.errors;
  if (errors.length > 0) throw new TopologyError(errors);
  return { ...resolved, advice: problems.advice };
}

type RawNode = NonNullable<NonNullable<NonNullable<RawTopology["redis"]>["nodes"]>[string]>;

class Resolver {
  readonly #raw: RawTopology;
  readonly #file: string | null;
  readonly #baseDir: string;
  readonly #problems: Problems;
  readonly #values: Picker;
  readonly #name: string;
  readonly #stateDir: string;
  readonly #failover: FailoverProfile;
  readonly #runtime: RuntimeKind;
  readonly #docker: DockerSettings;

  constructor(
    raw: RawTopology,
    file: string | null,
    baseDir: string,
    problems: Problems,
    runtime: RuntimeKind | undefined,
  ) {
    this.#raw = raw;
    this.#file = file;
    this.#baseDir = baseDir;
    this.#problems = problems;
    this.#values = new Picker(baseDir, problems);
    this.#name = this.#values.pick("name", raw.name, DEFAULTS.name);
    this.#stateDir = path.join(this.#values.path("stateDir", raw.stateDir, DEFAULTS.stateDir), this.#name);
    this.#failover = this.#values.pick("failover", raw.failover, "standard");
    this.#runtime = this.#values.pick("runtime", raw.runtime, "local");
    if (runtime !== undefined && runtime !== this.#runtime) {
      this.#runtime = runtime;
      this.#values.origins.set("runtime", {
        from: "derived",
        why: "asked for, or as the cluster was started",
      });
    }
    this.#docker = dockerSettings(raw.docker ?? {}, this.#values);
  }

  resolve(): ResolvedTopology {
    const { security, supervise, logs, slo } = this.#raw;
    const topology: Topology = {
      name: this.#name,
      runtime: this.#runtime,
      docker: this.#docker,
      production: this.#values.pick("production", this.#raw.production, false),
      durability: this.#values.pick("durability", this.#raw.durability, "async"),
      failover: {
        profile: this.#failover,
        fast: this.#values.pick<"on" | "off">("fastFailover", this.#raw.fastFailover, "on") === "on",
        spread: this.#values.pick<"on" | "off">("spreadDecision", this.#raw.spreadDecision, "on") === "on",
      },
      file: this.#file,
      baseDir: this.#baseDir,
      stateDir: this.#stateDir,
      backupDir: this.#values.path("backupDir", this.#raw.backupDir, DEFAULTS.backupDir),
      redis: { nodes: this.#redisNodes() },
      sentinel: this.#sentinel(),
      security: { passwordFile: this.#values.optionalPath("security.passwordFile", security?.passwordFile) },
      supervise: {
        restarts: this.#values.pick("supervise.restarts", supervise?.restarts, DEFAULTS.restarts),
        windowMs: this.#values.duration("supervise.window", supervise?.window, DEFAULTS.windowMs),
      },
      logs: {
        maxBytes: this.#values.size("logs.maxSize", logs?.maxSize, DEFAULTS.logBytes),
        keep: this.#values.pick("logs.keep", logs?.keep, DEFAULTS.logKeep),
      },
      slo: {
        writeGapMs: this.#values.duration("slo.writeGap", slo?.writeGap, DEFAULTS.writeGapMs),
        lostWrites: this.#values.pick("slo.lostWrites", slo?.lostWrites, DEFAULTS.lostWrites),
      },
    };
    announceEverywhere(topology);
    resolveHostNames(topology);
    return { topology, origins: this.#values.origins, advice: [] };
  }

  #redisNodes(): [RedisNode, ...RedisNode[]] {
    const redis = this.#raw.redis ?? {};
    const replicas = this.#values.pick("redis.replicas", redis.replicas, DEFAULTS.replicas);
    const port = this.#values.pick("redis.port", redis.port, DEFAULTS.redisPort);
    const dataDir =
      redis.dataDir === undefined ? null : this.#values.path("redis.dataDir", redis.dataDir, "");
    const common = this.#redisLayers(replicas);
    const ids = redisIds(replicas);
    checkNodeNames("redis", ids, redis.nodes ?? {}, this.#problems);
    const nodes = ids.map((id, index): RedisNode => {
      const key = `redis.nodes.${id}`;
      const node = redis.nodes?.[id] ?? {};
      const layer = merge([...common, fileLayer("redis", `${key}.config`, node.config, this.#problems)]);
      return {
        kind: "redis",
        id,
        ...this.#address(
          key,
          node,
          port + index,
          "redis.port",
          addressOf(this.#docker.subnet, "redis", index),
        ),
        dataDir: this.#dataDir(key, id, node.dataDir, dataDir),
        priority: numberIn(layer, "replica-priority"),
        minReplicas: {
          toWrite: numberIn(layer, "min-replicas-to-write"),
          maxLag: numberIn(layer, "min-replicas-max-lag"),
        },
        appendOnly: layer.get("appendonly")?.lines[0]?.[0]?.toLowerCase() === "yes",
        directives: toDirectives(layer),
      };
    });
    return nonEmpty(nodes);
  }

  #redisLayers(replicas: number): Layer[] {
    const { size, profile } = this.#raw;
    const profiles: Profile[] = [profile ?? []].flat();
    for (const conflict of profileConflicts(profiles)) {
      this.#problems.error("profile", `names profiles that contradict each other: ${conflict}`);
    }
    const defaults = ownLayer(redisDefaults(replicas), { from: "default" });
    const followers = defaults.get("repl-diskless-sync-max-replicas");
    if (followers !== undefined) followers.origin = { from: "derived", why: "the number of replicas" };
    return [
      defaults,
      ...(size === undefined ? [] : [ownLayer(SIZE_DIRECTIVES[size], { from: "size", name: size })]),
      ...profiles.map((name) => ownLayer(PROFILE_DIRECTIVES[name], { from: "profile", name })),
      ...this.#durabilityLayer(replicas),
      fileLayer("redis", "redis.config", this.#raw.redis?.config, this.#problems),
    ];
  }

  /** Above the profiles: `store` asks for one replica, and whoever asks for more durability means it. */
  #durabilityLayer(replicas: number): Layer[] {
    const name = this.#raw.durability ?? "async";
    return [ownLayer(durabilityDirectives(name, replicas), { from: "durability", name })];
  }

  #sentinel(): Topology["sentinel"] {
    const raw = this.#raw.sentinel ?? {};
    const count = this.#values.pick("sentinel.count", raw.count, DEFAULTS.sentinels);
    const port = this.#values.pick("sentinel.port", raw.port, DEFAULTS.sentinelPort);
    const common = [
      ownLayer(SENTINEL_DEFAULTS, { from: "default" }),
      fileLayer("sentinel", "sentinel.config", raw.config, this.#problems),
    ];
    const ids = sentinelIds(count);
    checkNodeNames("sentinel", ids, raw.nodes ?? {}, this.#problems);
    const nodes = ids.map((id, index): SentinelNode => {
      const key = `sentinel.nodes.${id}`;
      const node = raw.nodes?.[id] ?? {};
      const layer = merge([...common, fileLayer("sentinel", `${key}.config`, node.config, this.#problems)]);
      return {
        kind: "sentinel",
        id,
        ...this.#address(
          key,
          node,
          port + index,
          "sentinel.port",
          addressOf(this.#docker.subnet, "sentinel", index),
        ),
        directives: toSentinelDirectives(layer, this.#name),
      };
    });
    return { nodes: nonEmpty(nodes), quorum: this.#quorum(raw.quorum, count), ...this.#timing(raw) };
  }

  /** What the file gives wins over the failover profile. */
  #timing(raw: NonNullable<RawTopology["sentinel"]>) {
    const base = sentinelTiming(this.#failover, this.#raw.redis?.replicas ?? DEFAULTS.replicas);
    const from: Origin =
      this.#failover === "standard" ? { from: "default" } : { from: "failover", name: this.#failover };
    const duration = (key: string, value: string | undefined, fallback: number): number =>
      this.#values.duration(`sentinel.${key}`, value, fallback, from);
    const period = (name: keyof typeof base.periods): number =>
      duration(`periods.${name}`, raw.periods?.[name], base.periods[name]);
    const downAfterMs = duration("downAfter", raw.downAfter, base.downAfterMs);
    return {
      downAfterMs,
      startDownAfterMs: startDownAfterMs(downAfterMs),
      failoverTimeoutMs: duration("failoverTimeout", raw.failoverTimeout, base.failoverTimeoutMs),
      parallelSyncs: this.#values.pick("sentinel.parallelSyncs", raw.parallelSyncs, base.parallelSyncs, from),
      periods: {
        ping: period("ping"),
        info: period("info"),
        ask: period("ask"),
        publish: period("publish"),
        tilt: period("tilt"),
      },
    };
  }

  #quorum(value: number | undefined, count: number): number {
    const quorum = this.#values.pick("sentinel.quorum", value, defaultQuorum(count));
    if (value === undefined) {
      this.#values.origins.set("sentinel.quorum", { from: "derived", why: `a majority of ${count}` });
    }
    return quorum;
  }

  /** Where a node listens and how others reach it. `inside`: its address in a network of containers. */
  #address(key: string, node: RawNode, firstPort: number, portKey: string, inside: string) {
    const bind = this.#bind(key, node.bind);
    const announce = node.announce ?? this.#raw.announce;
    const bridged = this.#runtime === "docker" && this.#docker.network === "bridge";
    if (announce !== undefined) {
      const from = node.announce === undefined ? "announce" : `${key}.announce`;
      this.#values.origins.set(`${key}.announce`, this.#values.fileOrigin(from));
    }
    if (node.port === undefined) {
      this.#values.origins.set(`${key}.port`, this.#values.inherited(portKey, `counted from ${portKey}`));
    }
    const port = node.port === undefined ? firstPort : this.#values.pick(`${key}.port`, node.port, firstPort);
    const first = bindAddress(bind[0] ?? DEFAULTS.bind);
    const host = canonicalHost(announce ?? (bridged ? inside : first));
    return {
      bind,
      host,
      port,
      reach: { host: bridged ? (isWildcard(first) ? "127.0.0.1" : first) : host, port },
      announced: announce !== undefined,
    };
  }

  #bind(key: string, value: string | string[] | undefined): string[] {
    const from = value === undefined ? "bind" : `${key}.bind`;
    const written = this.#values.pick(from, value ?? this.#raw.bind, DEFAULTS.bind);
    if (value === undefined)
      this.#values.origins.set(`${key}.bind`, this.#values.inherited("bind", "the same for all nodes"));
    return [written].flat().flatMap(bindAddresses);
  }

  #dataDir(key: string, id: string, own: string | undefined, common: string | null): string {
    if (own !== undefined) return this.#values.path(`${key}.dataDir`, own, "");
    const why = common === null ? "within stateDir" : "redis.dataDir and the node's name";
    this.#values.origins.set(`${key}.dataDir`, { from: "derived", why });
    return common === null ? path.join(this.#stateDir, "redis", id, "data") : path.join(common, id);
  }
}

function numberIn(layer: Layer, name: string): number {
  return Number(layer.get(name)?.lines[0]?.[0] ?? 0);
}

function nonEmpty<T>(items: T[]): [T, ...T[]] {
  const [first, ...rest] = items;
  if (first === undefined) throw new Error("a cluster has at least one node of each kind");
  return [first, ...rest];
}
