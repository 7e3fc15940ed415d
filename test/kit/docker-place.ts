import { afterAll, beforeAll } from "vitest";
import { LiveCluster } from "./live-cluster.ts";
import { DockerEngine, dockerHindrance } from "./docker-engine.ts";
import { importRedisImage } from "./docker-image.ts";

/** In CI a test of Docker that is skipped is one that nobody has run. */
export const hindrance = process.env["CI"] === undefined ? dockerHindrance() : null;

/** An engine for the tests of one file, with the images that a default topology names; this process talks to it. */
export function dockerPlace(): { engine: () => DockerEngine } {
  let engine: DockerEngine | null = null;
  const before = { host: process.env["DOCKER_HOST"], config: process.env["DOCKER_CONFIG"] };
  beforeAll(async () => {
    if (hindrance !== null) return;
    const missing = dockerHindrance();
    if (missing !== null) throw new Error(`Docker cannot run here: ${missing}`);
    engine = await DockerEngine.start();
    Object.assign(process.env, engine.env);
    await importRedisImage(engine, "redis:7.4.2");
  });
  afterAll(async () => {
    await engine?.stop();
    restore("DOCKER_HOST", before.host);
    restore("DOCKER_CONFIG", before.config);
  });
  return {
    engine: () => {
      if (engine === null) throw new Error("no engine was started");
      return engine;
    },
  };
}

function restore(name: string, value: string | undefined): void {
  if (value === undefined) delete process.env[name];
  else process.env[name] = value;
}

let subnets = 0;

/** Subnets of test clusters, none of which is the default's, nor one of a file that runs at the same time. */
export function freeSubnet(): string {
  subnets += 1;
  const worker = Number(process.env["VITEST_POOL_ID"] ?? 0) % 5;
  return `172.31.${worker * 50 + (subnets % 50)}.0/24`;
}

/** A cluster in containers, with ports and a subnet of its own and a short down-after. */
export function dockerCluster(yaml = ""): Promise<LiveCluster> {
  return LiveCluster.create(`runtime: docker\ndocker: { subnet: ${freeSubnet()} }\n${yaml}`, 10, "docker");
}
