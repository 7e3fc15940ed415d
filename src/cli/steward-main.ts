import { appendFileSync, existsSync } from "node:fs";
import { explain } from "../errors.ts";
import { context } from "../operations/context.ts";
import { ConnectionPool } from "../redis/pool.ts";
import { claim, isClaim } from "../runtimes/state/claims.ts";
import { LocalRuntime } from "../runtimes/local/local-runtime.ts";
import { readPassword } from "../runtimes/state/password.ts";
import { stewardName } from "../runtimes/state/steward-process.ts";
import { stewardPlace } from "../runtimes/state/steward-place.ts";
import { Steward } from "../steward/steward.ts";
import { loadTopology } from "../topology/load.ts";

/** The steward's process: `node dist/steward.js [-f FILE]`, started by `vedette up` or by systemd. */
async function main(args: string[]): Promise<number> {
  const file = args[0] === "-f" ? (args[1] ?? null) : null;
  const { topology } = loadTopology(file, process.cwd());
  const password = readPassword(topology);
  const runtime = new LocalRuntime(topology, password);
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
    steward = new Steward({ ...context(topology, runtime, password, log), pool }, place);
    await steward.run(end.signal);
  } finally {
    pool.close();
    if (place.stillOurs()) held.release();
  }
  return 0;
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
