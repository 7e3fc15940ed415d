import { memoryFor } from "../docker.ts";
import { allNodes, type RedisNode, type Topology } from "../model.ts";
import { formatSize, parseSize } from "../units.ts";
import { keyOf, type Report } from "./rule.ts";

/** Containers: what they need and cannot see. */

/** Redis' own limit must come first: at the container's the kernel kills it. */
export function maxMemoryIsBelowTheLimit(topology: Topology, { problems }: Report): void {
  const { memoryBytes } = topology.docker;
  if (topology.runtime !== "docker" || memoryBytes === null || problems.isBroken("docker.memory")) return;
  const tight = topology.redis.nodes.find((node) => {
    const most = maxMemoryOf(node);
    return most === 0 || memoryBytes < most * LEAST_ROOM;
  });
  if (tight === undefined) return;
  const most = maxMemoryOf(tight);
  const what = most === 0 ? "no maxmemory" : `maxmemory ${formatSize(most)}`;
  const enough = memoryFor(most);
  problems.error("docker.memory", `leaves too little room for ${tight.id}, which has ${what}`, {
    found: formatSize(memoryBytes),
    hint: enough === null ? "set redis.config.maxmemory" : `${formatSize(enough)} is safe while it saves`,
  });
}

/** Buffers, the backlog and a fork's copies come on top of the data. */
const LEAST_ROOM = 1.25;

function maxMemoryOf(node: RedisNode): number {
  return parseSize(node.directives.find(({ name }) => name === "maxmemory")?.args[0] ?? "0") ?? 0;
}

export function dataStaysInVolumes(topology: Topology, { problems }: Report): void {
  if (topology.runtime !== "docker") return;
  const keys = ["redis.dataDir", ...topology.redis.nodes.map((node) => keyOf(node, "dataDir"))];
  for (const key of keys.filter((each) => problems.places.keys.has(each))) {
    problems.error(key, "has no meaning in containers: their data is in Docker's volumes", {
      hint: "leave it out, or choose runtime: local",
    });
  }
}

/** Directives whose value is a file of the machine. */
const FILES = new Set([
  "include",
  "loadmodule",
  "aclfile",
  "unixsocket",
  "notification-script",
  "client-reconfig-script",
]);

export function filesAreInside(topology: Topology, { problems }: Report): void {
  if (topology.runtime !== "docker") return;
  const reported = new Set<string>();
  for (const { directives } of allNodes(topology)) {
    for (const { name, args, origin } of directives) {
      const named = name === "sentinel" ? (args[0] ?? "") : name;
      if (!FILES.has(named) || origin.from !== "file" || reported.has(origin.key)) continue;
      reported.add(origin.key);
      problems.info(origin.key, "names a file that the container must have, not this machine", {
        hint: "give an image that has it in docker.images.redis",
      });
    }
  }
}
