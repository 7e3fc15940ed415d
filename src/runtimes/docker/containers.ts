import * as z from "zod";
import { LABELS } from "../../render/compose-service.ts";
import type { NodeId } from "../../topology/model.ts";
import { EngineError, type Engine } from "./engine.ts";

/** One container of the cluster, as the engine tells of it. */
export interface Container {
  id: string;
  name: string;
  node: NodeId;
  state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead";
  /** Of its first process, on the engine's machine; null when none runs. */
  pid: number | null;
  /** Wall clock ms. */
  startedAt: number | null;
  finishedAt: number | null;
  exitCode: number | null;
  oomKilled: boolean;
  /** Compose's directory of the project that made it; null when it was not Compose. */
  project: string | null;
  /** Paths inside, of what is mounted. */
  mounts: string[];
  image: string;
}

const Listed = z.array(z.object({ Id: z.string(), Labels: z.record(z.string(), z.string()).nullish() }));

const Inspected = z.object({
  Id: z.string(),
  Name: z.string(),
  State: z.object({
    Status: z.enum(["created", "running", "paused", "restarting", "removing", "exited", "dead"]),
    Pid: z.number(),
    StartedAt: z.string(),
    FinishedAt: z.string(),
    ExitCode: z.number(),
    OOMKilled: z.boolean(),
  }),
  Config: z.object({ Image: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
  Mounts: z.array(z.object({ Destination: z.string() })),
});

/** The ids of a cluster's containers, running or not. */
export async function listContainers(engine: Pick<Engine, "json">, cluster: string): Promise<string[]> {
  const filters = JSON.stringify({ label: [`${LABELS.cluster}=${cluster}`] });
  const doing = `listing the containers of ${cluster}`;
  const answer = await engine.json("GET", "/containers/json", { doing, query: { all: true, filters } });
  return Listed.parse(answer).map(({ Id }) => Id);
}

/** A container by id or name, or null when there is none. */
export async function inspectContainer(
  engine: Pick<Engine, "json">,
  container: string,
): Promise<Container | null> {
  try {
    const doing = `looking at container ${container}`;
    return parseContainer(await engine.json("GET", `/containers/${container}/json`, { doing }));
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return null;
    throw error;
  }
}

export function parseContainer(answer: unknown): Container {
  const { Id, Name, State, Config, Mounts } = Inspected.parse(answer);
  const labels = Config.Labels ?? {};
  const lives = State.Status === "running" || State.Status === "paused";
  return {
    id: Id,
    name: Name.replace(/^\//, ""),
    node: labels[LABELS.node] ?? "",
    state: State.Status,
    pid: lives && State.Pid > 0 ? State.Pid : null,
    startedAt: lives ? timeOf(State.StartedAt) : null,
    finishedAt: timeOf(State.FinishedAt),
    exitCode: lives || State.Status === "created" ? null : State.ExitCode,
    oomKilled: State.OOMKilled,
    project: labels["com.docker.compose.project.working_dir"] ?? null,
    mounts: Mounts.map(({ Destination }) => Destination),
    image: Config.Image,
  };
}

/** The engine has the year 1 for never. */
function timeOf(text: string): number | null {
  const ms = Date.parse(text);
  return Number.isNaN(ms) || ms < 0 ? null : ms;
}
