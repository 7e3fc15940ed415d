import { appendFileSync, existsSync } from "node:fs";
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
import { Steward } from "../steward/steward.ts";
import { chooseRuntime, openRuntime } from "./open-runtime.ts";

const WATCH_AGAIN_MS = 1_000;

/** The steward's process: `node dist/steward.js [-f FILE] [--runtime RUNTIME]`, started by `vedette up` or by systemd. */
async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: { file: { type: "string", short: "f" }, runtime: { type: "string" } },
  });
  const { topology } = chooseRuntime(values.file ?? null, values.runtime, () => {});
  const password = readPassword(topology);
  const runtime = openRuntime(topology, password, (line) => log(line));
  const held = claim(runtime.paths.claims("steward"), stewardName(topology), Date.now());
  if (!isClaim(held)) {
    process.stdout.write(`${stamped(`cluster ${topology.name} has a steward already (pid ${held.pid})`)}\n`);
    return 0;
  }
  // By name, not by the inherited descriptor: the file is rotated by renaming.
  const log = (line: string) => {
    const dir = runtime.paths.logs;
    if (existsSync(dir)) appendFileSync(`${dir}/steward.log`, `${stamped(line)}\n`);
  };
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
      void keepWatching(runtime, end.signal, () => working.processChanged());
    await working.run(end.signal);
  } finally {
    pool.close();
    if (place.stillOurs()) held.release();
  }
  return 0;
}

/** Docker tells of a death within milliseconds; without it the next pass sees it. An engine may be restarted. */
async function keepWatching(
  runtime: DockerRuntime,
  signal: AbortSignal,
  onChange: () => void,
): Promise<void> {
  while (!signal.aborted) {
    await runtime.watch(signal, onChange).catch(() => {});
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
