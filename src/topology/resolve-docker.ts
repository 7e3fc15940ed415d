import { DOCKER_DEFAULTS, ENGINE_IMAGES, type DockerSettings } from "./docker.ts";
import type { Origin } from "./model.ts";
import type { Picker } from "./picker.ts";
import type { RawTopology } from "./schema.ts";

/** What the file says of containers, over the defaults. */
export function dockerSettings(raw: NonNullable<RawTopology["docker"]>, values: Picker): DockerSettings {
  const engine = values.pick("docker.engine", raw.engine, DOCKER_DEFAULTS.engine);
  const derived: Origin = { from: "derived", why: `docker.engine ${engine}` };
  return {
    network: values.pick("docker.network", raw.network, DOCKER_DEFAULTS.network),
    subnet: values.pick("docker.subnet", raw.subnet, DOCKER_DEFAULTS.subnet),
    engine,
    images: {
      redis: values.pick("docker.images.redis", raw.images?.redis, ENGINE_IMAGES[engine], derived),
    },
    memoryBytes: raw.memory === undefined ? null : values.size("docker.memory", raw.memory, 0),
    cpus: raw.cpus === undefined ? null : values.pick("docker.cpus", raw.cpus, 0),
  };
}
