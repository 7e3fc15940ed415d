import { readFileSync } from "node:fs";
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

const given = new Set<number>();

/**
 * A subnet for a test cluster: not the default's, and none that this machine has, be it of another test's engine, which
 * this one does not know of.
 */
export function freeSubnet(): string {
  const taken = routedSubnets();
  for (let tries = 0; tries < 1_000; tries++) {
    const third = Math.floor(Math.random() * 250);
    if (given.has(third) || taken.has(third)) continue;
    given.add(third);
    return `172.31.${third}.0/24`;
  }
  throw new Error("no free subnet below 172.31");
}

/** The third byte of all 172.31.x that this machine has a route to. The kernel shows addresses as little-endian hex. */
function routedSubnets(): Set<number> {
  const rows = readFileSync("/proc/net/route", "utf8").split("\n").slice(1);
  const networks = rows.map((row) => row.split("\t")[1] ?? "").filter((each) => each.endsWith("1FAC"));
  return new Set(networks.map((each) => Number.parseInt(each.slice(2, 4), 16)));
}

/** A cluster in containers, with ports and a subnet of its own and a short down-after. */
export function dockerCluster(yaml = ""): Promise<LiveCluster> {
  return LiveCluster.create(`runtime: docker\ndocker: { subnet: ${freeSubnet()} }\n${yaml}`, 10, "docker");
}
