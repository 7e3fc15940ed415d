import {
  addressOf,
  containerName,
  memoryFor,
  volumeName,
  type DockerSettings,
  type Engine,
} from "../topology/docker.ts";
import { INSIDE_CONFIG, INSIDE_NODE } from "../topology/inside.ts";
import { isBridged, type ClusterNode, type RedisNode, type Topology } from "../topology/model.ts";
import { bindAddress, isWildcard } from "../topology/names.ts";
import { formatSize, parseSize } from "../topology/units.ts";
import { reachableBind, startFacts } from "./start-facts.ts";

export type Mapping = Record<string, unknown>;

/** Labels by which the cluster's containers and volumes are found. */
export const LABELS = { cluster: "io.vedette.cluster", node: "io.vedette.node" } as const;

/** Where the templates and the start script lie, relative to the Compose file. */
export const CONFIG_DIR = "config/docker";

/** The password, as Docker mounts it into a container, and the name that the Compose file has for it. */
export const SECRET = { name: "redis_password", file: "/run/secrets/redis_password" } as const;

/** The user that the official images of Redis and Valkey have for the server, and that owns their /data. */
const SERVER_USER = "999:999";

/** Longer than any save of what fits into memory: after that the engine kills. */
const STOP_GRACE = "2m";

/** The engine restarts a dead master within half a second; a steward needs this long to hold it back: s. */
const RESTART_GRACE = "0.5";

/** What the containers of all nodes have in common. */
export function commonService(topology: Topology, secret: boolean): Mapping {
  return {
    image: topology.docker.images.redis,
    entrypoint: ["sh", `${INSIDE_CONFIG}/node-start.sh`, INSIDE_NODE],
    user: SERVER_USER,
    init: true,
    restart: "unless-stopped",
    stop_signal: "SIGTERM",
    stop_grace_period: STOP_GRACE,
    read_only: true,
    tmpfs: ["/tmp"],
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    ...(secret && { secrets: [SECRET.name] }),
    ...(!isBridged(topology) && { network_mode: "host" }),
    logging: logging(topology),
  };
}

/** Rotated by the engine. */
export function logging({ logs }: Topology): Mapping {
  return {
    driver: "json-file",
    options: {
      "max-size": formatSize(logs.maxBytes).replace(/b$/, ""),
      "max-file": String(logs.keep + 1),
    },
  };
}

/** The environment that all nodes of a kind have in common; `nodes` as they are inside. */
export function sharedFacts(topology: Topology, nodes: readonly ClusterNode[], secret: boolean): Mapping {
  const [first = {}, ...others] = nodes.map((node) => environment(topology, node, secret));
  const same = Object.entries(first).filter(([name, value]) => others.every((each) => each[name] === value));
  return Object.fromEntries(same);
}

/** One node's service. `index` counts the nodes of its kind; `node` is as it is inside. */
export function nodeService(
  topology: Topology,
  { node, index, bind }: { node: ClusterNode; index: number; bind: readonly string[] },
  shared: Mapping,
  secret: boolean,
): Mapping {
  const own = Object.entries(environment(topology, node, secret)).filter(([name]) => !(name in shared));
  return {
    container_name: containerName(topology.name, node.id),
    ...(isBridged(topology) && {
      hostname: node.id,
      networks: { "redis-network": { ipv4_address: addressOf(topology.docker.subnet, node.kind, index) } },
      ports: bind.map((entry) => publish(entry, node.port)),
    }),
    environment: { "<<": shared, ...Object.fromEntries(own) },
    volumes: [`${volumeKey(node)}:/data`, `./${CONFIG_DIR}:${INSIDE_CONFIG}:ro,z`],
    healthcheck: healthcheck(topology, node, secret),
    ...(node.kind === "redis" && limits(topology.docker, node)),
    labels: labels(topology, node),
  };
}

export function volumeKey(node: ClusterNode): string {
  return `${node.id}-data`;
}

export function volumeOf(topology: Topology, node: ClusterNode): Mapping {
  return { name: volumeName(topology.name, node.id), labels: labels(topology, node) };
}

export function configName(node: ClusterNode): string {
  return `${node.id.replace(/^redis-sentinel/, "sentinel")}.conf`;
}

/** The programs of an image are called after the engine. */
export function programName(engine: Engine, program: string): string {
  return program.replace(/^redis-/, `${engine}-`);
}

/** What a file that is not `vedette up`'s own lets the start script know. Compose takes `$` for a variable. */
function environment(topology: Topology, node: ClusterNode, secret: boolean): Record<string, string> {
  const { engine } = topology.docker;
  const facts = startFacts(topology, node, {
    conf: `${INSIDE_NODE}/${node.kind}.conf`,
    pid: "/tmp/node.pid",
    server: programName(engine, "redis-server"),
    cli: programName(engine, "redis-cli"),
    wait: `${INSIDE_NODE}/wait`,
    hold: `${INSIDE_NODE}/hold`,
    force: `${INSIDE_NODE}/force`,
  });
  const values = {
    ...facts,
    TEMPLATE: `${INSIDE_CONFIG}/${configName(node)}`,
    ...(secret && { SECRET_FILE: SECRET.file }),
    ...(node.kind === "redis" && { RESTART_GRACE }),
  };
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, value.replaceAll("$", "$$$$")]),
  );
}

function publish(entry: string, port: number): string {
  const address = bindAddress(entry);
  const host = isWildcard(address) ? (address.includes(":") ? "::" : "0.0.0.0") : address;
  return `${host.includes(":") ? `[${host}]` : host}:${port}:${port}`;
}

/** Fails on NOAUTH, on LOADING and without a server: the exit code of redis-cli does not tell them from PONG. */
function healthcheck(topology: Topology, node: ClusterNode, secret: boolean): Mapping {
  const cli = programName(topology.docker.engine, "redis-cli");
  const auth = secret ? `REDISCLI_AUTH=$$(cat ${SECRET.file}) ` : "";
  return {
    test: ["CMD-SHELL", `test "$$(${auth}${cli} -h ${reachableBind(node)} -p ${node.port} ping)" = PONG`],
    interval: "5s",
    timeout: "3s",
    retries: 3,
    start_period: "30s",
  };
}

/** Above maxmemory by what a save and the buffers need: at the container's own limit the kernel kills it. */
function limits({ memoryBytes, cpus }: DockerSettings, node: RedisNode): Mapping {
  const maxMemory = node.directives.findLast(({ name }) => name === "maxmemory")?.args[0] ?? "0";
  const memory = memoryBytes ?? memoryFor(parseSize(maxMemory) ?? 0);
  return {
    ...(memory !== null && { mem_limit: formatSize(memory) }),
    ...(cpus !== null && { cpus }),
  };
}

function labels(topology: Topology, node: ClusterNode): Mapping {
  return { [LABELS.cluster]: topology.name, [LABELS.node]: node.id };
}
