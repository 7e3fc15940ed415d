import * as z from "zod";
import { FAILOVER_PROFILES } from "./failover-profiles.ts";
import { DOCKER_NETWORKS, ENGINES, isSubnet } from "./docker.ts";
import { DURABILITIES } from "./durability.ts";
import { RUNTIMES } from "./model.ts";
import { CLUSTER_NAME, isBind, isHost } from "./names.ts";
import { PROFILES, SIZES } from "./profiles.ts";
import { DURATION, SIZE } from "./units.ts";

/**
 * The shape of a topology file. Cross-field rules are in rules.ts.
 *
 * Built on first use: building costs milliseconds that a command without a topology file need not pay.
 */

const error = (message: string) => ({ error: message });

function whole(min: number, max: number) {
  const text = error(`must be a whole number from ${min} to ${max}`);
  return z.int(text).min(min, text).max(max, text);
}

function duration() {
  const text = error("must be a duration with its unit, such as 5s, 500ms or 2m");
  return z.string(text).regex(DURATION, text);
}

function size() {
  const text = error("must be a size such as 10mb, 512kb or a number of bytes");
  return z.union([z.string(text).regex(SIZE, text), z.int(text).min(0, text)], text);
}

function path(what: string) {
  const text = error(`must be the path of ${what}`);
  return z
    .string(text)
    .min(1, text)
    .regex(/^\P{Cc}*$/u, text);
}

function host() {
  const text = error("must be an IP address or a host name");
  return z.string(text).refine(isHost, text);
}

function addresses() {
  const text = error("must be an address or a list of addresses to listen on");
  const entry = z.string(text).refine(isBind, text);
  return z.union([entry, z.array(entry, text).min(1, text)], text);
}

function directives(id: string, what: string) {
  const text = error("must be a text, a number, true or false, or a list of them");
  const scalar = z.union([z.string(), z.number(), z.boolean()], text);
  const value = z.union([scalar, z.array(scalar, text).min(1, error("must not be an empty list"))], text);
  return z.record(z.string(), value, error("must be a mapping of directives to values")).meta({
    id,
    description: `Any ${what} directive. A list gives a directive several times where Redis allows it.`,
  });
}

const mapping = error("must be a mapping");

function nodeShape(config: ReturnType<typeof directives>) {
  return {
    port: whole(1, 65_535).describe("The port this node listens on").optional(),
    bind: addresses().describe("Addresses this node listens on").optional(),
    announce: host().describe("The address peers, Sentinels and clients use for this node").optional(),
    config: config.nullish(),
  };
}

function redisShape() {
  const config = directives("redisConfig", "redis.conf");
  const node = z.strictObject(
    { ...nodeShape(config), dataDir: path("a directory").describe("Where RDB and AOF live").optional() },
    mapping,
  );
  return z.strictObject(
    {
      replicas: whole(0, 99).describe("Number of replicas beside the initial master; 3").optional(),
      port: whole(1, 65_535)
        .describe("The initial master's port; replicas take the next ones; 6379")
        .optional(),
      dataDir: path("a directory").describe("Each node's data is kept in dataDir/NODE").optional(),
      config: config.nullish(),
      nodes: z.record(z.string(), node.nullable(), mapping).describe("Settings of one node").nullish(),
    },
    mapping,
  );
}

function sentinelShape() {
  const config = directives("sentinelConfig", "sentinel.conf");
  const node = z.strictObject(nodeShape(config), mapping);
  const period = (name: string, standard: string) =>
    duration().describe(`Sentinel's ${name} period; ${standard}`).optional();
  return z.strictObject(
    {
      count: whole(1, 99).describe("Number of Sentinels; 3").optional(),
      port: whole(1, 65_535)
        .describe("The first Sentinel's port; the others take the next ones; 26379")
        .optional(),
      quorum: whole(1, 99).describe("Sentinels that must find the master down; a majority").optional(),
      downAfter: duration().describe("Silence after which a Sentinel takes a node for down; 5s").optional(),
      failoverTimeout: duration().describe("Limit of each failover phase; 10s").optional(),
      parallelSyncs: whole(1, 99)
        .describe("Replicas that follow a new master at the same time; 1")
        .optional(),
      periods: z
        .strictObject(
          {
            ping: period("PING", "1s"),
            info: period("INFO", "10s"),
            ask: period("question to its peers", "1s"),
            publish: period("hello", "2s"),
            tilt: period("TILT", "30s"),
          },
          mapping,
        )
        .describe("Sentinel's own timers, set through SENTINEL DEBUG")
        .nullish(),
      config: config.nullish(),
      nodes: z.record(z.string(), node.nullable(), mapping).describe("Settings of one Sentinel").nullish(),
    },
    mapping,
  );
}

function dockerShape() {
  const image = () => {
    const text = error("must be the name of an image with its tag, such as redis:7.4.2");
    return z
      .string(text)
      .regex(/^[a-z0-9][a-z0-9._/:-]*:[A-Za-z0-9_][\w.-]{0,127}(?:@sha256:[0-9a-f]{64})?$/, text);
  };
  const subnet = error("must be a private /24 network such as 172.28.0.0/24");
  const cpus = error("must be a number of cores such as 0.5 or 2");
  return z.strictObject(
    {
      network: z
        .enum(DOCKER_NETWORKS, error(`must be one of ${DOCKER_NETWORKS.join(", ")}`))
        .describe("A network of their own, or the machine's (Linux only); bridge")
        .optional(),
      subnet: z
        .string(subnet)
        .refine(isSubnet, subnet)
        .describe("Of the nodes' own network; 172.28.0.0/24")
        .optional(),
      engine: z
        .enum(ENGINES, error(`must be one of ${ENGINES.join(", ")}`))
        .describe("Whose server the image has; redis")
        .optional(),
      images: z
        .strictObject({ redis: image().describe("Of Redis nodes and Sentinels").optional() }, mapping)
        .describe("Images, each with a fixed tag")
        .nullish(),
      memory: size().describe("Limit of each Redis container; twice maxmemory and 128mb").optional(),
      cpus: z
        .number(cpus)
        .min(0.01, cpus)
        .max(1024, cpus)
        .describe("Cores of each Redis container; all")
        .optional(),
    },
    mapping,
  );
}

function build() {
  const profile = z.enum(PROFILES, error(`must be one of ${PROFILES.join(", ")}`));
  const yesNo = error("must be true or false");
  const name = error(
    "must be letters, digits, dot, dash or underscore (at most 63), not starting with dot or dash",
  );
  return z.strictObject(
    {
      name: z
        .string(name)
        .regex(CLUSTER_NAME, name)
        .describe("The cluster's and the master's name")
        .optional(),
      runtime: z
        .enum(RUNTIMES, error(`must be one of ${RUNTIMES.join(", ")}`))
        .describe("Where nodes run: as processes of this machine (local) or in containers (docker)")
        .optional(),
      docker: dockerShape().nullish(),
      production: z.boolean(yesNo).describe("Drills then ask for the cluster's name").optional(),
      failover: z
        .enum(FAILOVER_PROFILES, error(`must be one of ${FAILOVER_PROFILES.join(", ")}`))
        .describe("How soon Sentinel finds a silent master; standard")
        .optional(),
      fastFailover: z
        .enum(["on", "off"], error("must be on or off"))
        .describe("Ask Sentinel for a failover as soon as the master's process has ended; on")
        .optional(),
      spreadDecision: z
        .enum(["on", "off"], error("must be on or off"))
        .describe("Tell the other Sentinels of it at once; on")
        .optional(),
      durability: z
        .enum(DURABILITIES, error(`must be one of ${DURABILITIES.join(", ")}`))
        .describe("What an acknowledged write survives; async")
        .optional(),
      stateDir: path("a directory").describe("Vedette's own files; .vedette").optional(),
      backupDir: path("a directory").describe("Where backups go; backups").optional(),
      profile: z
        .union([profile, z.array(profile)], error(`must be one or a list of ${PROFILES.join(", ")}`))
        .describe("Tuning for a kind of use")
        .optional(),
      size: z
        .enum(SIZES, error(`must be one of ${SIZES.join(", ")}`))
        .describe("Memory of each node")
        .optional(),
      bind: addresses().describe("Addresses every node listens on; 127.0.0.1").optional(),
      announce: host().describe("The address peers, Sentinels and clients use").optional(),
      security: z
        .strictObject(
          {
            passwordFile: path("a file").describe("Holds the password of all nodes and Sentinels").optional(),
          },
          mapping,
        )
        .nullish(),
      supervise: z
        .strictObject(
          {
            restarts: whole(0, 1000).describe("Restarts allowed within the window; 5").optional(),
            window: duration().describe("The window of restarts; 60s").optional(),
          },
          mapping,
        )
        .nullish(),
      logs: z
        .strictObject(
          {
            maxSize: size().describe("A log is rotated at this size; 10mb").optional(),
            keep: whole(0, 1000).describe("Rotated logs kept of each node; 5").optional(),
          },
          mapping,
        )
        .nullish(),
      slo: z
        .strictObject(
          {
            writeGap: duration().describe("Longest time without an acknowledged write; 10s").optional(),
            lostWrites: whole(0, 1_000_000).describe("Acknowledged writes that may be gone; 0").optional(),
          },
          mapping,
        )
        .describe("What a drill is judged against")
        .nullish(),
      redis: redisShape().nullish(),
      sentinel: sentinelShape().nullish(),
    },
    error("must be a mapping of keys such as name, redis and sentinel"),
  );
}

type TopologySchema = ReturnType<typeof build>;
export type RawTopology = z.infer<TopologySchema>;

let built: TopologySchema | null = null;

export function topologySchema(): TopologySchema {
  built ??= build();
  return built;
}

/** The keys that may stand at `path`, for did-you-mean. */
export function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: z.core.$ZodType = topologySchema();
  for (const step of path) {
    schema = unwrapped(schema);
    if (schema instanceof z.ZodRecord) schema = schema.valueType;
    else if (schema instanceof z.ZodObject) schema = schema.shape[String(step)] ?? z.never();
    else return [];
  }
  const found = unwrapped(schema);
  return found instanceof z.ZodObject ? Object.keys(found.shape) : [];
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodNullable) return unwrapped(schema.unwrap());
  return schema;
}
