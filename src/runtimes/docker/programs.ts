import { networkName } from "../../topology/docker.ts";
import { programName } from "../../render/compose-service.ts";
import { isBridged, type Topology } from "../../topology/model.ts";
import type { Program, ProgramUse, RedisProgram } from "../runtime.ts";
import { findBinary } from "../state/binaries.ts";
import type { Engine } from "./engine.ts";

/**
 * One of Redis' programs in a container of its own, in the nodes' network: of the servers' version, and whether or not
 * this machine has Redis. Through `docker` itself, which hands on the terminal and signals.
 */
export async function programInContainer(
  engine: Engine,
  topology: Topology,
  name: RedisProgram,
  { terminal = false, dir }: ProgramUse,
): Promise<Program> {
  const docker = findBinary("docker", process.env);
  const network = isBridged(topology) ? networkName(topology.name) : "host";
  const tty = terminal ? ["--tty"] : [];
  const files = dir === undefined ? [] : ["--volume", `${dir}:${dir}`, "--user", await ownUser(engine)];
  const args = ["run", "--rm", "--init", "--interactive", ...tty, "--read-only", "--log-driver", "none"];
  args.push("--network", network, "--env", "REDISCLI_AUTH", ...files);
  args.push("--entrypoint", programName(topology.docker.engine, name), topology.docker.images.redis);
  return { path: docker, args, address: ({ host, port }) => ({ host, port }) };
}

/** Who we are, for files that the program writes for us. A rootless engine has us as root inside. */
async function ownUser(engine: Engine): Promise<string> {
  const info = (await engine.json("GET", "/info", { doing: "asking Docker how it runs" })) as {
    SecurityOptions?: string[];
  };
  const rootless = info.SecurityOptions?.some((option) => option.includes("name=rootless")) ?? false;
  return rootless ? "0:0" : `${process.getuid?.() ?? 0}:${process.getgid?.() ?? 0}`;
}
