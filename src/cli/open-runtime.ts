import type { Runtime } from "../runtimes/runtime.ts";
import { DockerRuntime } from "../runtimes/docker/docker-runtime.ts";
import { LocalRuntime } from "../runtimes/local/local-runtime.ts";
import { UsageError } from "../errors.ts";
import type { ControlPlane } from "../runtimes/state/control-plane.ts";
import type { StewardSource } from "../runtimes/state/steward-place.ts";
import { statePaths } from "../runtimes/state/paths.ts";
import { readMarker } from "../runtimes/state/state-dir.ts";
import { loadTopology } from "../topology/load.ts";
import { RUNTIMES, type ResolvedTopology, type RuntimeKind, type Topology } from "../topology/model.ts";

export type OwnRuntime = Runtime & ControlPlane & StewardSource;

/** The runtime of a topology, with its hand on the state directory. */
export function openRuntime(
  topology: Topology,
  password: string | null,
  report: (line: string) => void,
): OwnRuntime {
  return topology.runtime === "docker"
    ? new DockerRuntime(topology, password, report)
    : new LocalRuntime(topology, password);
}

/**
 * The topology with the runtime that counts: the one that the cluster was started with, else the one asked for, else the
 * file's.
 *
 * @throws UsageError when another one is asked for than the cluster was started with: it would look for its nodes in
 *   the wrong place, and start a second cluster beside them
 */
export function chooseRuntime(
  file: string | null,
  asked: string | undefined,
  note: (line: string) => void,
): ResolvedTopology {
  const wanted = asked === undefined ? undefined : runtimeNamed(asked);
  const resolved = loadTopology(file, process.cwd(), wanted);
  const { topology } = resolved;
  const started = readMarker(statePaths(topology))?.runtime;
  if (started === undefined || started === topology.runtime) return resolved;
  if (wanted !== undefined) throw startedOtherwise(topology, started);
  if (resolved.origins.get("runtime")?.from === "file")
    note(
      `the topology file says runtime ${topology.runtime}; until \`vedette clean\` counts ${started}, with which the cluster was started`,
    );
  return loadTopology(file, process.cwd(), runtimeNamed(started));
}

export function runtimeNamed(text: string): RuntimeKind {
  const found = RUNTIMES.find((each) => each === text);
  if (found !== undefined) return found;
  throw new UsageError(`choosing the runtime ${text}: there are ${RUNTIMES.join(" and ")}`);
}

function startedOtherwise(topology: Topology, started: string): UsageError {
  return new UsageError(
    `choosing the runtime ${topology.runtime}: cluster ${topology.name} was started with ${started}, and its data is there`,
    {
      next: `leave --runtime out; to move, back it up (\`vedette backup\`), \`vedette clean\`, and start anew, or give the new cluster another \`name\``,
    },
  );
}
