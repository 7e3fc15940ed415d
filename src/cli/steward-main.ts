import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { systemClock } from "../clock.ts";
import { explain } from "../errors.ts";
import { context } from "../operations/context.ts";
import { ConnectionPool } from "../redis/pool.ts";
import { claim, isClaim } from "../runtimes/state/claims.ts";
import { DockerRuntime } from "../runtimes/docker/docker-runtime.ts";
import { readPassword } from "../runtimes/state/password.ts";
import { stewardName } from "../runtimes/state/steward-process.ts";
import { stewardPlace } from "../runtimes/state/steward-place.ts";
import { WatchingRuntime } from "../runtimes/watch/watching-runtime.ts";
import { Steward } from "../steward/steward.ts";
import { fromWithin } from "../topology/inside.ts";
import { loadTopology } from "../topology/load.ts";
import { chooseRuntime, openRuntime } from "./open-runtime.ts";

const WATCH_AGAIN_MS = 1_000;

const WATCH_ONLY =
  "watches only: from here no process is seen to end, so fast failover is off and nothing is restarted but by Docker (docs/docker.md)";

/**
 * The steward's process: `node dist/steward.js [-f FILE] [--runtime RUNTIME]`, started by `vedette up` or by systemd;
 * with `--watch-only`, in a container of its own, by Compose.
 */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      file: { type: "string", short: "f" },
      runtime: { type: "string" },
      "watch-only": { type: "boolean", default: false },
    },
  });
  const watchOnly = values["watch-only"];
  const { topology, password, runtime } = watchOnly
    ? openWatching(values.file ?? null)
    : openManaged(values.file ?? null, values.runtime, (line) => log(line));
  const held = claim(runtime.paths.claims("steward"), stewardName(topology), Date.now());
  if (!isClaim(held)) {
    process.stdout.write(`${stamped(`cluster ${topology.name} has a steward already (pid ${held.pid})`)}\n`);
    return 0;
  }
  // By name, not by the inherited descriptor: the file is rotated by renaming.
  const log = (line: string) => {
    const dir = runtime.paths.logs;
    if (watchOnly) process.stdout.write(`${stamped(line)}\n`);
    else if (existsSync(dir)) appendFileSync(`${dir}/steward.log`, `${stamped(line)}\n`);
  };
  if (watchOnly) log(WATCH_ONLY);
  const place = stewardPlace(topology, runtime, held.token);
  let steward: Steward | null = null;
  const pool = new ConnectionPool((host, port) => steward?.connectionEnded(host, port));
  const end = new AbortController();
  for (const name of ["SIGTERM", "SIGINT"] as const) process.once(name, () => end.abort());
  process.on("SIGHUP", () => {}); // the terminal that started us may go
  try {
    const working = new Steward({ ...context(topology, runtime, password, log), pool }, place);
    steward = working;
    if (runtime instanceof DockerRuntime)
      void keepWatching(runtime, end.signal, () => working.processChanged(), log);
    await working.run(end.signal);
  } finally {
    pool.close();
    if (place.stillOurs()) held.release();
  }
  return 0;
}

function openManaged(file: string | null, wanted: string | undefined, log: (line: string) => void) {
  const { topology } = chooseRuntime(file, wanted, () => {});
  const password = readPassword(topology);
  return { topology, password, runtime: openRuntime(topology, password, log) };
}

/** Compose mounts the password; the file that the topology names is elsewhere. */
function openWatching(file: string | null) {
  const topology = fromWithin(loadTopology(file, process.cwd(), "docker").topology);
  const secret = process.env["SECRET_FILE"];
  const password = secret === undefined ? null : readFileSync(secret, "utf8").replace(/\r?\n$/, "");
  return { topology, password, runtime: new WatchingRuntime(topology, password) };
}

/** Docker tells of a death within milliseconds; without it the next pass sees it. An engine may be restarted. */
async function keepWatching(
  runtime: DockerRuntime,
  signal: AbortSignal,
  onChange: () => void,
  log: (line: string) => void,
): Promise<void> {
  let told = ""; // once an outage, however long it is
  while (!signal.aborted) {
    try {
      await runtime.watch(signal, onChange);
      told = "";
    } catch (error) {
      const why = explain(error);
      if (!signal.aborted && why !== told)
        log(`is not told by Docker what happens, and looks itself: ${why}`);
      told = why;
    }
    await systemClock.sleep(WATCH_AGAIN_MS, signal);
  }
}

function stamped(line: string): string {
  return `${new Date().toISOString()} ${line}`;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stdout.write(`${stamped(`steward: ${explain(error)}`)}\n`);
    process.exit(1);
  },
);
