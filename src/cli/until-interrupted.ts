/** Aborts at the first Ctrl-C or SIGTERM, for commands that go on until then and end well. */
export function untilInterrupted(): AbortSignal {
  const end = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => end.abort());
  return end.signal;
}
