import { renderInside } from "../../render/docker-bundle.ts";
import type { ConfChange } from "../../render/merge-conf.ts";
import { inside, INSIDE_DATA, INSIDE_NODE } from "../../topology/inside.ts";
import type { ClusterNode, NodeId, RedisNode, SentinelNode, Topology } from "../../topology/model.ts";
import { redisRecord, sentinelRecord } from "../read-records.ts";
import type { RedisRecord, SentinelRecord } from "../records.ts";
import type { FirstFacts, PauseRecord } from "../runtime.ts";
import {
  broughtUpToDate,
  pendingIn,
  withDownAfterNow,
  workingTemplate,
  type WorkingCopy,
} from "../working-text.ts";
import { holdsSomething, readFiles, writeFiles } from "./archive.ts";
import type { Engine } from "./engine.ts";

const DATA_ID = "vedette-data-id";

/** What the nodes keep in their volumes beside their data, seen through a container that has the volume. */
export class NodeFiles {
  /** The nodes as they are inside. */
  private readonly nodes: Map<NodeId, ClusterNode>;

  constructor(
    private readonly engine: Engine,
    private readonly topology: Topology,
    private readonly password: string | null,
  ) {
    const { redis, sentinel } = inside(topology);
    this.nodes = new Map([...redis.nodes, ...sentinel.nodes].map((node) => [node.id, node]));
  }

  async redisRecord(container: string, node: RedisNode): Promise<RedisRecord> {
    const [files, dataId] = await Promise.all([
      this.read(container, node, ["started"]),
      this.dataId(container),
    ]);
    const sizes = new Map<string, number>();
    // Only what a node of this kind reads is asked for, and only until the first byte.
    const record = (size: (name: string) => number) =>
      redisRecord(node, {
        conf: text(files.get(confName(node))),
        started: text(files.get("started")),
        dataId,
        size,
      });
    const asked: string[] = [];
    record((name) => (asked.push(name), 0));
    for (const name of asked) {
      sizes.set(name, (await holdsSomething(this.engine, container, `${INSIDE_DATA}/${name}`)) ? 1 : 0);
    }
    return record((name) => sizes.get(name) ?? 0);
  }

  async sentinelRecord(container: string, node: SentinelNode): Promise<SentinelRecord> {
    const files = await this.read(container, node, []);
    return sentinelRecord(node.id, this.topology.name, text(files.get(confName(node))));
  }

  /** The name of the data set that the node holds. */
  async dataId(container: string): Promise<string | null> {
    const files = await readFiles(this.engine, container, `${INSIDE_DATA}/${DATA_ID}`, () => true);
    return text(files.get(DATA_ID));
  }

  async pending(container: string, node: ClusterNode): Promise<ConfChange[]> {
    return pendingIn(await this.copy(container, node), this.template(node));
  }

  /** Makes the working copy, or carries over what changed. */
  async bringUpToDate(
    container: string,
    node: ClusterNode,
    first: FirstFacts | null,
    pause: PauseRecord | null,
    now: number,
  ): Promise<void> {
    const copy = await this.copy(container, node);
    const template = this.template(node);
    const live = broughtUpToDate(this.topology, node, copy, template, first);
    const wanted = node.kind === "sentinel" ? withDownAfterNow(this.topology, live, pause, now) : live;
    if (wanted === copy.live && template === copy.installed) return;
    await this.write(container, [
      [confName(node), wanted],
      [`${confName(node)}.rendered`, template],
    ]);
  }

  async markUpToDate(container: string, node: ClusterNode): Promise<void> {
    await this.write(container, [[`${confName(node)}.rendered`, this.template(node)]]);
  }

  /** Empties what the node remembers of its last start. */
  async forget(container: string): Promise<void> {
    await this.write(container, [
      ["started", ""],
      ["sentinels", ""],
    ]);
  }

  private template(node: ClusterNode): string {
    const within = this.nodes.get(node.id) ?? node;
    return workingTemplate(
      this.topology,
      node,
      renderInside(inside(this.topology), within),
      [],
      this.password,
    );
  }

  private async copy(container: string, node: ClusterNode): Promise<WorkingCopy> {
    const files = await this.read(container, node, []);
    const name = confName(node);
    return { live: text(files.get(name)), installed: text(files.get(`${name}.rendered`)) };
  }

  private read(container: string, node: ClusterNode, more: readonly string[]) {
    const names = new Set([confName(node), `${confName(node)}.rendered`, ...more]);
    return readFiles(this.engine, container, INSIDE_NODE, (name) => names.has(name));
  }

  private write(container: string, files: [name: string, content: string][]): Promise<void> {
    return writeFiles(this.engine, container, INSIDE_NODE, new Map(files));
  }
}

function confName(node: ClusterNode): string {
  return `${node.kind}.conf`;
}

/** An empty file is one that was taken away: a file in a volume cannot be deleted from outside. */
function text(content: string | undefined): string | null {
  return content === undefined || content === "" ? null : content;
}
