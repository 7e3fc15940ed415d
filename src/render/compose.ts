import { Document, isMap, isScalar, visit } from "yaml";
import { dynamicRange, networkName, volumeName } from "../topology/docker.ts";
import { inside, INSIDE_RUN } from "../topology/inside.ts";
import { allNodes, isBridged, type ClusterNode, type Topology } from "../topology/model.ts";
import {
  commonService,
  LABELS,
  nodeService,
  SECRET,
  sharedFacts,
  volumeKey,
  volumeOf,
  type Mapping,
} from "./compose-service.ts";
import { stewardService } from "./compose-steward.ts";

/**
 * The Compose file of a cluster, for `vedette up` as for plain `docker compose up -d`: understood by Compose 2 and by
 * docker-compose 1.29.
 *
 * There is no `version` (Compose 2 warns of it), no top-level `name` (1.29 refuses it), and no `depends_on` between
 * Redis and Sentinel: each waits for the others by itself, in whichever order an engine brings them back.
 *
 * @param secret where the password file lies, relative to the Compose file; null for a cluster without one
 */
export function renderCompose(topology: Topology, secret: string | null): string {
  const within = inside(topology);
  const withSecret = secret !== null;
  const shared = {
    "x-node": commonService(topology, withSecret),
    "x-redis": sharedFacts(within, within.redis.nodes, withSecret),
    "x-sentinel": sharedFacts(within, within.sentinel.nodes, withSecret),
  };
  const serviceOf = (node: ClusterNode, index: number, bind: readonly string[]): [string, Mapping] => {
    const facts = node.kind === "redis" ? shared["x-redis"] : shared["x-sentinel"];
    const own = nodeService(within, { node, index, bind }, facts, withSecret);
    return [node.id, { "<<": shared["x-node"], ...own }];
  };
  const { redis, sentinel } = topology;
  const content = {
    ...shared,
    services: Object.fromEntries([
      ...within.redis.nodes.map((node, i) => serviceOf(node, i, redis.nodes[i]?.bind ?? [])),
      ...within.sentinel.nodes.map((node, i) => serviceOf(node, i, sentinel.nodes[i]?.bind ?? [])),
      ["steward", stewardService(topology, withSecret)],
    ]),
    ...(isBridged(topology) && { networks: { "redis-network": network(topology) } }),
    volumes: {
      ...Object.fromEntries(allNodes(topology).map((node) => [volumeKey(node), volumeOf(topology, node)])),
      "steward-state": {
        name: volumeName(topology.name, "redis-steward"),
        labels: { [LABELS.cluster]: topology.name },
      },
    },
    ...(withSecret && { secrets: { [SECRET.name]: { file: secret } } }),
  };
  const doc = new Document(content, YAML_1_1);
  nameAnchors(doc, Object.keys(shared));
  annotate(doc, topology);
  return doc.toString({ lineWidth: 0 });
}

/**
 * What `vedette up` puts over that file: a directory of each Redis node on this machine, through which its start is
 * held back or forced, and says why it waits.
 *
 * @param runDir absolute path of those directories
 */
export function renderComposeOverride(topology: Topology, runDir: string): string {
  const services = topology.redis.nodes.map(({ id }): [string, Mapping] => [
    id,
    {
      environment: {
        WAIT_FILE: `${INSIDE_RUN}/wait`,
        HOLD_FILE: `${INSIDE_RUN}/hold`,
        FORCE_FILE: `${INSIDE_RUN}/force`,
        CLEAN_STOP_FILE: `${INSIDE_RUN}/clean-stop`,
      },
      volumes: [bindMount(`${runDir}/${id}`.replaceAll("$", "$$$$"))],
    },
  ]);
  return new Document({ services: Object.fromEntries(services) }, YAML_1_1).toString({ lineWidth: 0 });
}

/** What docker-compose 1.29 reads: there `yes` without quotes is true. */
const YAML_1_1 = { version: "1.1" } as const;

/** The short form alone can have SELinux let the container in; it cannot tell colons in a path from its own. */
function bindMount(source: string): unknown {
  return source.includes(":") ? { type: "bind", source, target: INSIDE_RUN } : `${source}:${INSIDE_RUN}:z`;
}

function network(topology: Topology): Mapping {
  const { subnet } = topology.docker;
  return {
    name: networkName(topology.name),
    ipam: { config: [{ subnet, ip_range: dynamicRange(subnet) }] },
    labels: { [LABELS.cluster]: topology.name },
  };
}

/** The library numbers its anchors; people read names. */
function nameAnchors(doc: Document, keys: readonly string[]): void {
  const names = new Map<string, string>();
  for (const key of keys) {
    const node = doc.get(key, true);
    if (!isMap(node) || node.anchor === undefined) continue;
    names.set(node.anchor, key.slice(2));
    node.anchor = key.slice(2);
  }
  visit(doc, {
    Alias(_, alias) {
      alias.source = names.get(alias.source) ?? alias.source;
    },
  });
}

const STEWARD_NOTE =
  " Not needed, and not started but by `docker compose --profile steward up -d`: watches, records, and keeps settings as\n" +
  " they should be. It has no socket of Docker's, so a failover takes as long as without it.";

const NOTES: Record<string, string> = {
  "x-node":
    " What all containers have in common. node-start.sh asks the Sentinels who is master before it starts a Redis: a node\n" +
    " that was down while the others failed over comes back as a replica, whoever starts it.",
  "x-redis": " What it needs to know for that.",
  networks:
    " Each container has an address of its own, and listens there on the port that is published: what Sentinel tells is\n" +
    " the same inside and on this machine. Names would not do: Docker forgets the name of a container that is stopped.",
  volumes: " Data and working copies of the configuration, which Redis and Sentinel rewrite.",
};

function annotate(doc: Document, topology: Topology): void {
  doc.commentBefore =
    ` The Redis cluster ${topology.name} in containers: \`vedette up --runtime docker\`, or \`docker compose up -d\` alone.\n` +
    " Rendered from the topology file by `vedette render --runtime docker`, as is config/docker/: changes are made there.\n" +
    " docs/docker.md has the whole story.";
  if (!isMap(doc.contents)) return;
  for (const [index, { key }] of doc.contents.items.entries()) {
    if (!isScalar(key)) continue;
    key.spaceBefore = index > 0;
    const note = NOTES[String(key.value)];
    if (note !== undefined) key.commentBefore = note;
  }
  const services = doc.get("services", true);
  for (const { key } of isMap(services) ? services.items.slice(1) : []) {
    if (!isScalar(key)) continue;
    key.spaceBefore = true;
    if (key.value === "steward") key.commentBefore = STEWARD_NOTE;
  }
}
