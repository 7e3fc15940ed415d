import { createHash } from "node:crypto";
import { chmodSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { renderComposeOverride } from "../../render/compose.ts";
import { renderDockerBundle } from "../../render/docker-bundle.ts";
import type { NodeId, Topology } from "../../topology/model.ts";
import { makeDir, readJson, readText, replaceFile, replaceJson } from "../state/files.ts";
import { packageFile } from "../state/package-root.ts";
import type { StatePaths } from "../state/paths.ts";
import { createServices, type Project } from "./compose-cli.ts";

const COMPOSE = "docker-compose.yml";
const OVERRIDE = "docker-compose.vedette.yml";

/** Within the state directory, which nobody else may enter; what lies in it, containers mount as their own users. */
const OPEN_DIR = 0o755;
const OPEN_FILE = 0o644;
/** A container's user writes here why it waits, and its owner deletes it. */
const SHARED_DIR = 0o777;

/** The directory from which Compose makes the containers of `vedette up`. */
export class ComposeProject {
  readonly dir: string;

  constructor(
    private readonly topology: Topology,
    paths: StatePaths,
    private readonly password: string | null,
    private readonly socket: string,
  ) {
    this.dir = join(paths.root, "docker");
  }

  /** What a node and this machine have in common while it runs: why it waits, holds, orders. */
  shared(node: NodeId, name: "wait" | "hold" | "force" | "clean-stop"): string {
    return join(this.dir, "run", node, name);
  }

  /** Brings the files to what the topology says. Running containers do not notice. */
  write(): void {
    const script = readFileSync(packageFile("assets/node-start.sh"), "utf8");
    this.secret();
    openDir(this.dir, OPEN_DIR);
    openDir(join(this.dir, "config"), OPEN_DIR);
    openDir(join(this.dir, "config", "docker"), OPEN_DIR);
    openDir(join(this.dir, "run"), OPEN_DIR);
    for (const { id } of this.topology.redis.nodes) openDir(join(this.dir, "run", id), SHARED_DIR);
    const files = renderDockerBundle(this.topology, script, this.password === null ? null : "./secret");
    const override = renderComposeOverride(this.topology, join(this.dir, "run"));
    for (const { path, content } of [...files, { path: OVERRIDE, content: override }]) {
      const file = join(this.dir, path);
      if (readText(file) !== content) replaceFile(file, content);
      chmodSync(file, OPEN_FILE);
    }
  }

  /** Those of `nodes` whose container is to be made, or made anew: it is missing, or the topology has changed. */
  outdated(nodes: readonly NodeId[], existing: ReadonlySet<NodeId>): NodeId[] {
    const made = this.made();
    const marks = this.marks();
    return nodes.filter((node) => !existing.has(node) || made[node] !== marks[node]);
  }

  /** Has Compose make the containers of `nodes`, which do not run, and what they need. */
  async create(nodes: readonly NodeId[]): Promise<void> {
    const project: Project = {
      name: projectName(this.topology.name),
      dir: this.dir,
      files: [COMPOSE, OVERRIDE],
    };
    await createServices(this.socket, project, nodes);
    const marks = this.marks();
    replaceJson(this.madeFile(), {
      ...this.made(),
      ...Object.fromEntries(nodes.map((node) => [node, marks[node]])),
    });
  }

  private secret(): void {
    const file = join(this.dir, "secret");
    // A file that is replaced while a container mounts it leaves that container with an empty one.
    if (this.password === null || readText(file) === this.password) return;
    replaceFile(file, this.password);
    chmodSync(file, 0o444);
  }

  /** What tells one definition of a service from another. */
  private marks(): Record<NodeId, string> {
    const [base, over] = [COMPOSE, OVERRIDE].map((file) => servicesOf(join(this.dir, file)));
    return Object.fromEntries(
      Object.entries(base ?? {}).map(([node, service]) => [
        node,
        createHash("sha256")
          .update(JSON.stringify([service, over?.[node] ?? null]))
          .digest("hex")
          .slice(0, 16),
      ]),
    );
  }

  private made(): Record<NodeId, unknown> {
    const value = readJson(this.madeFile());
    return typeof value === "object" && value !== null ? { ...value } : {};
  }

  private madeFile(): string {
    return join(this.dir, "made.json");
  }
}

/** Compose takes small letters, digits, dashes and underscores. */
export function projectName(cluster: string): string {
  const plain = cluster.toLowerCase().replaceAll(/[^a-z0-9_-]/g, "-");
  return /^[a-z0-9]/.test(plain) ? plain : `c${plain}`;
}

function servicesOf(file: string): Record<string, unknown> {
  const value: unknown = parse(readText(file) ?? "", { version: "1.1", merge: true });
  const services = typeof value === "object" && value !== null && "services" in value ? value.services : null;
  return typeof services === "object" && services !== null ? { ...services } : {};
}

function openDir(dir: string, mode: number): void {
  makeDir(dir);
  chmodSync(dir, mode);
}
