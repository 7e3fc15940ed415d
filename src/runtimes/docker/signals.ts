import { VedetteError } from "../../errors.ts";
import { EngineError, type Engine } from "./engine.ts";

/**
 * Sends a signal to a container's process; to one that has ended already it is no error. The engine does not start
 * again what ended by this.
 */
export async function sendSignal(
  engine: Engine,
  container: string,
  signal: "SIGKILL" | "SIGTERM",
): Promise<void> {
  await unlessConflict(
    engine.json("POST", `/containers/${container}/kill`, {
      doing: `sending ${signal} to ${container}`,
      query: { signal },
    }),
  );
}

/** Stops all of a container's processes where they are (the freezer of its control group). */
export async function freeze(engine: Engine, container: string): Promise<void> {
  await engine.json("POST", `/containers/${container}/pause`, { doing: `freezing ${container}` });
}

/** Lets a frozen container go on; one that is not frozen does so anyway. */
export async function thaw(engine: Engine, container: string): Promise<void> {
  const doing = `letting ${container} go on`;
  await unlessConflict(engine.json("POST", `/containers/${container}/unpause`, { doing }));
}

export async function startContainer(engine: Engine, container: string): Promise<void> {
  try {
    await engine.json("POST", `/containers/${container}/start`, { doing: `starting ${container}` });
  } catch (error) {
    throw error instanceof EngineError ? explained(error) : error;
  }
}

/** 409: it does not run; 404: there is none; 500: it has ended in between. */
async function unlessConflict(sent: Promise<unknown>): Promise<void> {
  try {
    await sent;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    const over = error.status === 409 || error.status === 404 || /not (running|paused)/i.test(error.message);
    if (!over) throw error;
  }
}

const REMEDIES: [RegExp, string][] = [
  [
    /port is already allocated|address already in use/i,
    "stop what has the port, or give the node another in the topology file",
  ],
  [/cannot assign requested address/i, "bind an address that this machine has"],
  [/mounts denied|invalid mount|no such file or directory/i, "type `vedette up`, which makes its files anew"],
  [/no space left on device/i, "make room where Docker keeps its data: `docker system df`"],
];

function explained(error: EngineError): VedetteError {
  const next = REMEDIES.find(([pattern]) => pattern.test(error.message))?.[1];
  return next === undefined ? error : new VedetteError(error.message, { next });
}
