import { existsSync, rmSync } from "node:fs";
import { networkName } from "../../topology/docker.ts";
import type { Topology } from "../../topology/model.ts";
import type { Belonging } from "../runtime.ts";
import type { StatePaths } from "../state/paths.ts";
import { inspectContainer, listContainers } from "./containers.ts";
import type { Engine } from "./engine.ts";
import { networkExists, removeNetwork } from "./network.ts";
import { listVolumes, removeVolume } from "./volume.ts";

/** Everything of a cluster, in an order in which it can be deleted. */
export async function belongingsOf(
  engine: Engine,
  topology: Topology,
  paths: StatePaths,
): Promise<Belonging[]> {
  const network = networkName(topology.name);
  const [ids, volumes, hasNetwork] = await Promise.all([
    listContainers(engine, topology.name),
    listVolumes(engine, topology.name),
    networkExists(engine, network),
  ]);
  const containers = await Promise.all(ids.map((id) => inspectContainer(engine, id)));
  return [
    ...containers.flatMap((each) => (each === null ? [] : [{ kind: "container", name: each.name } as const])),
    ...volumes.map((name) => ({ kind: "volume", name }) as const),
    ...(hasNetwork ? [{ kind: "network", name: network } as const] : []),
    ...(existsSync(paths.root) ? [{ kind: "path", name: paths.root } as const] : []),
  ];
}

export async function deleteBelonging(engine: Engine, { kind, name }: Belonging): Promise<void> {
  switch (kind) {
    case "container":
      await engine.json("DELETE", `/containers/${name}`, {
        doing: `deleting container ${name}`,
        query: { force: true },
      });
      return;
    case "volume":
      return removeVolume(engine, name);
    case "network":
      return removeNetwork(engine, name);
    case "path":
      rmSync(name, { recursive: true, force: true });
  }
}
