import { isIpv4 } from "./names.ts";

/** How the nodes of a cluster run in containers. */
export interface DockerSettings {
  /** `bridge`: a network of their own with a fixed address each. `host`: the machine's own (Linux only). */
  network: "bridge" | "host";
  /** Of the network of their own. */
  subnet: string;
  engine: Engine;
  images: Images;
  /** Of each Redis container: bytes, null = no limit. */
  memoryBytes: number | null;
  /** Of each Redis container: cores, null = no limit. */
  cpus: number | null;
}

export const ENGINES = ["redis", "valkey"] as const;
/** Whose server the image has: the programs are called after it. */
export type Engine = (typeof ENGINES)[number];

export interface Images {
  /** Redis nodes and Sentinels. */
  redis: string;
}

export const DOCKER_NETWORKS = ["bridge", "host"] as const;

export const DOCKER_DEFAULTS = {
  network: "bridge",
  subnet: "172.28.0.0/24",
  engine: "redis",
} as const;

/** Pinned: a tag that moves would change servers under a cluster at its next `up`. */
export const ENGINE_IMAGES: Record<Engine, string> = {
  redis: "redis:7.4.2",
  valkey: "valkey/valkey:8.0.2",
};

/**
 * The last byte of the first node's and the first Sentinel's address. Addresses that Docker gives by itself come
 * from the end of the subnet, so that it never gives away one of a node that is down.
 */
const FIRST_REDIS = 10;
const FIRST_SENTINEL = 120;
const OWN_RANGE = "224/27";

/** `172.28.0.0/24`: all that is needed for a hundred nodes of each kind, and easily read. */
export function isSubnet(text: string): boolean {
  const [address = "", bits, ...rest] = text.split("/");
  return rest.length === 0 && bits === "24" && isIpv4(address) && address.endsWith(".0");
}

export function addressOf(subnet: string, kind: "redis" | "sentinel", index: number): string {
  return `${prefix(subnet)}.${(kind === "redis" ? FIRST_REDIS : FIRST_SENTINEL) + index}`;
}

/** Where Docker's own choices come from. */
export function dynamicRange(subnet: string): string {
  return `${prefix(subnet)}.${OWN_RANGE}`;
}

function prefix(subnet: string): string {
  return subnet.split("/")[0]?.split(".").slice(0, 3).join(".") ?? "";
}

/**
 * A Redis that saves or copies itself to a replica may need as much again for pages that change meanwhile, and the
 * backlog and buffers stand beside the data.
 */
export function memoryFor(maxMemoryBytes: number): number | null {
  return maxMemoryBytes === 0 ? null : 2 * maxMemoryBytes + 128 * 1024 * 1024;
}

/** The cluster that has the seed's names in Docker, which are one space for the whole engine. */
const SEED_CLUSTER = "mymaster";

/** A name in Docker: the seed's own for its cluster, else with the cluster's in front. */
function named(cluster: string, what: string): string {
  return cluster === SEED_CLUSTER ? what : `${cluster}-${what}`;
}

export function containerName(cluster: string, node: string): string {
  return named(cluster, node);
}

/** Where a node keeps data and records. */
export function volumeName(cluster: string, node: string): string {
  return named(cluster, `${node}-data`);
}

export function networkName(cluster: string): string {
  return cluster === SEED_CLUSTER ? "redis-network" : `${cluster}-network`;
}
