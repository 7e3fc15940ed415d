import * as z from "zod";
import { VedetteError } from "../../errors.ts";
import { LABELS } from "../../render/compose-service.ts";
import { INSIDE_DATA } from "../../topology/inside.ts";
import { EngineError, type Engine } from "./engine.ts";
import { demultiplex } from "./multiplexed.ts";

/** Marks containers that live for one question; the cluster's own label would make them nodes. */
const HELPER = "io.vedette.helper";

const Created = z.object({ Id: z.string() });
const Waited = z.object({ StatusCode: z.number() });

export async function volumeExists(engine: Engine, volume: string): Promise<boolean> {
  try {
    await engine.json("GET", `/volumes/${volume}`, { doing: `looking for volume ${volume}` });
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false;
    throw error;
  }
}

export interface VolumeUse {
  engine: Engine;
  /** Any that is here and has a shell. */
  image: string;
  volume: string;
}

/** Lends a container that has the volume and never runs, for its files. */
export async function withVolume<T>(use: VolumeUse, work: (container: string) => Promise<T>): Promise<T> {
  const container = await create(use, "true", []);
  try {
    return await work(container);
  } finally {
    await remove(use.engine, container);
  }
}

/**
 * Runs a shell script in a container of its own that has the volume and no network, as the server's user, and gives
 * what it prints. Throws VedetteError with that when it fails.
 */
export async function runOnVolume(
  use: VolumeUse,
  doing: string,
  script: string,
  args: readonly string[],
): Promise<string> {
  const { engine } = use;
  const container = await create(use, script, args);
  try {
    await engine.json("POST", `/containers/${container}/start`, { doing });
    // Copying and deleting gigabytes takes its time.
    const waited = await engine.json("POST", `/containers/${container}/wait`, {
      doing,
      deadlineMs: 3_600_000,
    });
    const query = { stdout: true, stderr: true };
    const said = demultiplex(await engine.bytes(`/containers/${container}/logs`, { doing, query }));
    if (Waited.parse(waited).StatusCode !== 0) throw new VedetteError(`${doing}: ${said.trim()}`);
    return said;
  } finally {
    await remove(engine, container);
  }
}

async function create(
  { engine, image, volume }: VolumeUse,
  script: string,
  args: readonly string[],
): Promise<string> {
  const answer = await engine.json("POST", "/containers/create", {
    doing: `opening volume ${volume}`,
    body: {
      Image: image,
      Entrypoint: ["sh", "-c", script, "vedette"],
      Cmd: args,
      User: "999:999",
      NetworkDisabled: true,
      Labels: { [HELPER]: "true" },
      HostConfig: { Binds: [`${volume}:${INSIDE_DATA}`], NetworkMode: "none" },
    },
  });
  return Created.parse(answer).Id;
}

async function remove(engine: Engine, container: string): Promise<void> {
  const doing = "removing a helper container";
  await engine.json("DELETE", `/containers/${container}`, { doing, query: { force: true } });
}

/** Deletes volumes of a cluster that nobody uses any more. */
export async function removeVolume(engine: Engine, volume: string): Promise<void> {
  await engine.json("DELETE", `/volumes/${volume}`, { doing: `deleting volume ${volume}` });
}

/** The names of a cluster's volumes. */
export async function listVolumes(engine: Engine, cluster: string): Promise<string[]> {
  const filters = JSON.stringify({ label: [`${LABELS.cluster}=${cluster}`] });
  const answer = await engine.json("GET", "/volumes", {
    doing: `listing the volumes of ${cluster}`,
    query: { filters },
  });
  return Volumes.parse(answer).Volumes?.map(({ Name }) => Name) ?? [];
}

const Volumes = z.object({ Volumes: z.array(z.object({ Name: z.string() })).nullish() });
