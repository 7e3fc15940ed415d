import { createInterface } from "node:readline";
import * as z from "zod";
import { LABELS } from "../../render/compose-service.ts";
import type { NodeId } from "../../topology/model.ts";
import { inspectContainer, listContainers, type Container } from "./containers.ts";
import type { Engine } from "./engine.ts";

const Event = z.object({
  Action: z.string(),
  Actor: z.object({ ID: z.string(), Attributes: z.record(z.string(), z.string()) }),
});

/** Events after which a container is another than before. Health checks alone come every few seconds. */
const CHANGES = ["create", "start", "die", "pause", "unpause", "destroy", "rename", "oom", "update"];

/**
 * The containers of one cluster. Asked for once it asks the engine for all; while it watches, the engine tells what
 * changes, and only that is asked for again.
 */
export class ContainerTable {
  private known: Map<string, Container> | null = null;
  private readonly stale = new Set<string>();
  private readonly refreshing = new Map<string, Promise<void>>();
  private readonly endings = new Map<NodeId, string>();
  /** Nodes of which the kernel has killed a process for memory, and that have not ended yet. */
  private readonly starved = new Set<NodeId>();
  private watching: AbortController | null = null;

  constructor(
    private readonly engine: Pick<Engine, "json" | "stream">,
    private readonly cluster: string,
  ) {}

  async all(): Promise<Container[]> {
    if (this.known === null || this.watching === null) return this.list();
    const { known } = this;
    for (const id of this.stale) this.refreshing.set(id, this.refresh(known, id));
    // Also those that another caller has begun: what they were begun for is not known before they are done.
    await Promise.all(this.refreshing.values());
    return [...known.values()];
  }

  /** How a node's last container ended, as far as we have seen it. */
  endingOf(node: NodeId): string | null {
    return this.endings.get(node) ?? null;
  }

  /** Listens to the engine until `signal` aborts, and calls `onChange` for whatever happens to a container of ours. */
  async watch(signal: AbortSignal, onChange: () => void): Promise<void> {
    const watching = new AbortController();
    const stream = await this.engine.stream("GET", "/events", {
      doing: "listening to Docker",
      query: {
        filters: JSON.stringify({
          type: ["container"],
          event: CHANGES,
          label: [`${LABELS.cluster}=${this.cluster}`],
        }),
      },
      signal,
      deadlineMs: 0,
    });
    this.known = null; // whatever happened before we listened
    this.watching = watching;
    const lines = createInterface({ input: stream, crlfDelay: Infinity });
    stream.once("error", () => lines.close()); // the engine has gone
    try {
      for await (const line of lines) {
        this.note(Event.parse(JSON.parse(line)));
        onChange();
      }
    } finally {
      this.watching = null;
    }
  }

  private note({ Action, Actor }: z.infer<typeof Event>): void {
    const node = Actor.Attributes[LABELS.node] ?? "";
    this.stale.add(Actor.ID);
    if (Action === "oom") this.starved.add(node);
    if (Action !== "die") return;
    const starved = this.starved.delete(node);
    const exitCode = Number(Actor.Attributes["exitCode"]);
    this.endings.set(node, starved ? "killed by the kernel: out of memory" : endingText(exitCode));
  }

  private async list(): Promise<Container[]> {
    this.stale.clear(); // before asking: what happens meanwhile counts again
    const ids = await listContainers(this.engine, this.cluster);
    const seen = await Promise.all(ids.map((id) => inspectContainer(this.engine, id)));
    // A steward in a container is the cluster's, and no node.
    const containers = seen.filter((each) => each !== null).filter(({ node }) => node !== "");
    this.known = new Map(containers.map((each) => [each.id, each]));
    return containers;
  }

  private async refresh(known: Map<string, Container>, id: string): Promise<void> {
    this.stale.delete(id); // before asking, as above
    try {
      const container = await inspectContainer(this.engine, id);
      if (container === null || container.node === "") known.delete(id);
      else known.set(id, container);
    } catch (error) {
      this.stale.add(id);
      throw error;
    } finally {
      this.refreshing.delete(id);
    }
  }
}

const SIGNALS: Record<number, string> = { 6: "SIGABRT", 9: "SIGKILL", 11: "SIGSEGV", 15: "SIGTERM" };

/** The exit code of a container's process, as a shell would have it. */
export function endingText(exitCode: number): string {
  const signal = exitCode - 128;
  if (exitCode <= 128 || exitCode > 192) return `exit code ${exitCode}`;
  return `ended by ${SIGNALS[signal] ?? `signal ${signal}`}`;
}
