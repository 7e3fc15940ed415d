import { createInterface } from "node:readline";
import { VedetteError } from "../../errors.ts";
import { EngineError, type Engine } from "./engine.ts";

/** Has the engine fetch an image unless it has it, telling of the progress. */
export async function ensureImage(
  engine: Engine,
  image: string,
  report: (line: string) => void,
): Promise<void> {
  if (await hasImage(engine, image)) return;
  report(`fetching the image ${image} ...`);
  try {
    await pull(engine, image, report);
  } catch (cause) {
    throw new VedetteError(`fetching the image ${image}`, {
      cause,
      next: `is this machine online, and the name right? Without a network, load it from a file that \`docker save ${image}\` wrote elsewhere: docker load -i FILE. Another image is a matter of docker.images.redis in the topology file`,
    });
  }
}

export async function hasImage(engine: Engine, image: string): Promise<boolean> {
  try {
    await engine.json("GET", `/images/${image}/json`, { doing: `looking for the image ${image}` });
    return true;
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return false;
    throw error;
  }
}

/** Layers of hundreds of megabytes may pause: ms. */
const PULL_DEADLINE_MS = 600_000;

async function pull(engine: Engine, image: string, report: (line: string) => void): Promise<void> {
  const answer = await engine.stream("POST", "/images/create", {
    doing: `pulling ${image}`,
    query: { fromImage: image },
    deadlineMs: PULL_DEADLINE_MS,
  });
  let layers = 0;
  for await (const line of createInterface({ input: answer, crlfDelay: Infinity })) {
    const { error, status } = JSON.parse(line) as { error?: string; status?: string };
    if (error !== undefined) throw new VedetteError(error);
    if (status === "Pull complete") report(`${image}: layer ${(layers += 1)} is here`);
  }
}
