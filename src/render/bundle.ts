import type { Topology } from "../topology/model.ts";
import { renderRedisConf } from "./redis-conf.ts";
import { renderSentinelConf } from "./sentinel-conf.ts";

/** A file of the bundle; `path` is relative to the output directory. */
export interface RenderedFile {
  path: string;
  content: string;
}

/**
 * What `vedette render` writes: `redis-master.conf`, `redis-slave-N.conf`, `sentinel-N.conf`.
 *
 * One file a replica, though the seed has one for all: as real processes they share neither port nor directory,
 * and any directive may be set for one of them alone.
 */
export function renderBundle(topology: Topology): RenderedFile[] {
  return [
    ...topology.redis.nodes.map((node) => ({
      path: `${node.id}.conf`,
      content: renderRedisConf(topology, node),
    })),
    ...topology.sentinel.nodes.map((node) => ({
      path: `${node.id.replace(/^redis-/, "")}.conf`,
      content: renderSentinelConf(topology, node),
    })),
  ];
}
