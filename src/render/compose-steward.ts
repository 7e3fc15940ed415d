import { basename } from "node:path";
import { containerName } from "../topology/docker.ts";
import { INSIDE_STATE } from "../topology/inside.ts";
import { isBridged, type Topology } from "../topology/model.ts";
import { LABELS, logging, SECRET, type Mapping } from "./compose-service.ts";

/** Of our own making: `docker build -t vedette-steward:local .` in a checkout. */
export const STEWARD_IMAGE = "vedette-steward:local";

/** The user that the official images of Node.js have. */
const STEWARD_USER = "1000:1000";

/**
 * A steward for those who use Compose alone, started by `docker compose --profile steward up -d`. It has no socket of the
 * engine, so it cannot see a process end: it watches, repairs settings, spreads decisions and records.
 */
export function stewardService(topology: Topology, secret: boolean): Mapping {
  const { name, file } = topology;
  return {
    profiles: ["steward"],
    image: STEWARD_IMAGE,
    container_name: containerName(name, "redis-steward"),
    user: STEWARD_USER,
    init: true,
    restart: "unless-stopped",
    read_only: true,
    tmpfs: ["/tmp"],
    cap_drop: ["ALL"],
    security_opt: ["no-new-privileges:true"],
    ...(isBridged(topology) ? { networks: ["redis-network"] } : { network_mode: "host" }),
    ...(secret && { secrets: [SECRET.name], environment: { SECRET_FILE: SECRET.file } }),
    volumes: [
      `steward-state:${INSIDE_STATE}`,
      ...(file === null ? [] : [`./${basename(file)}:/cluster/vedette.yaml:ro,z`]),
    ],
    logging: logging(topology),
    labels: { [LABELS.cluster]: name },
  };
}
