import { containerName } from "../../topology/docker.ts";
import { allNodes, type NodeId, type Topology } from "../../topology/model.ts";
import type { ContainerTable } from "./container-table.ts";
import { inspectContainer } from "./containers.ts";
import type { Engine } from "./engine.ts";
import { ensureImage } from "./images.ts";
import type { ComposeProject } from "./project.ts";

/** Has Compose make the containers that are missing. It leaves those that run as they are. */
export class ContainerMaker {
  constructor(
    private readonly engine: Engine,
    private readonly topology: Topology,
    private readonly table: ContainerTable,
    private readonly project: ComposeProject,
    private readonly report: (line: string) => void,
  ) {}

  async make(ids: readonly NodeId[]): Promise<void> {
    const containers = await this.table.all();
    this.project.write();
    const stopped = ids.filter((id) => containers.find(({ node }) => node === id)?.pid == null);
    const outdated = this.project.outdated(stopped, new Set(containers.map(({ node }) => node)));
    if (outdated.length === 0) return;
    await ensureImage(this.engine, this.topology.docker.images.redis, this.report);
    this.report(`making the containers ${outdated.join(", ")} ...`);
    await this.project.create(outdated);
  }

  /** Containers with our names that somebody else has made, as sentences. */
  async foreign(): Promise<string[]> {
    const { name } = this.topology;
    const found = await Promise.all(
      allNodes(this.topology).map(({ id }) => inspectContainer(this.engine, containerName(name, id))),
    );
    return found.flatMap((container) => {
      if (container === null || container.project === this.project.dir) return [];
      const whose =
        container.project === null ? "not made by Compose" : `made by Compose in ${container.project}`;
      return [
        `there is a container ${container.name} already, ${whose}: take it down there (\`docker compose down\` keeps the data in its volumes, which \`vedette up\` goes on with)`,
      ];
    });
  }
}
