import { VedetteError } from "../errors.ts";
import type { Io } from "./io.ts";

/**
 * A signal that aborts at Ctrl-C, SIGTERM or a closed terminal, for commands that have something to put back
 * before they end. Its reason is the error to end with. Pressing Ctrl-C again changes nothing: all clean-up has
 * deadlines, and a master left frozen is worse than a second of waiting.
 */
export function interruptible(io: Io, doing: string): AbortSignal {
  const end = new AbortController();
  const interrupt = () => {
    if (end.signal.aborted) return;
    io.note("interrupted: putting things back, a moment");
    end.abort(new VedetteError(`${doing}: interrupted`));
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(name, interrupt);
  return end.signal;
}
