import { inside } from "../topology/inside.ts";
import type { ClusterNode, Topology } from "../topology/model.ts";
import type { RenderedFile } from "./bundle.ts";
import { renderCompose } from "./compose.ts";
import { CONFIG_DIR, configName } from "./compose-service.ts";
import { renderRedisConf } from "./redis-conf.ts";
import { renderSentinelConf } from "./sentinel-conf.ts";

/**
 * What a machine with Docker and without Vedette needs: the Compose file, and beside it the templates and the script
 * that starts each node.
 *
 * @param script the text of assets/node-start.sh
 * @param secret path of the password file relative to the Compose file, or null
 */
export function renderDockerBundle(
  topology: Topology,
  script: string,
  secret: string | null,
): RenderedFile[] {
  const within = inside(topology);
  const nodes: ClusterNode[] = [...within.redis.nodes, ...within.sentinel.nodes];
  return [
    { path: "docker-compose.yml", content: renderCompose(topology, secret) },
    { path: `${CONFIG_DIR}/node-start.sh`, content: script },
    ...nodes.map((node) => ({
      path: `${CONFIG_DIR}/${configName(node)}`,
      content: renderInside(within, node),
    })),
  ];
}

/** The template of a node's working copy; `topology` and `node` as they are inside. */
export function renderInside(topology: Topology, node: ClusterNode): string {
  return node.kind === "redis"
    ? renderRedisConf(topology, node, { paths: "container" })
    : renderSentinelConf(topology, node, { paths: "container" });
}
