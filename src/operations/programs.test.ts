import { expect, it } from "vitest";
import { VedetteError } from "../errors.ts";
import { runProgram } from "./programs.ts";

const node = (script: string, options = {}) =>
  runProgram("trying", { path: process.execPath, args: ["-e"] }, [script], options);

it("returns what the program printed", async () => {
  expect(await node("console.log('x'); console.error('y')")).toBe("x\n");
});

it("says how the program ended, and its last words", async () => {
  await expect(node("console.error('no such thing'); process.exit(3)")).rejects.toThrow(
    /^trying: node: exit code 3\n {2}no such thing$/,
  );
  await expect(node("process.kill(process.pid, 'SIGKILL')")).rejects.toThrow("ended by SIGKILL");
  await expect(runProgram("trying", { path: "/no/such/program", args: [] }, [])).rejects.toThrow(
    "trying: running program",
  );
});

it("hands the password over in the environment, and nobody else's", async () => {
  process.env["REDISCLI_AUTH"] = "the user's own";
  try {
    const print = "console.log(process.env.REDISCLI_AUTH)";
    expect(await node(print, { password: "secret" })).toBe("secret\n");
    expect(await node(print)).toBe("undefined\n");
  } finally {
    delete process.env["REDISCLI_AUTH"];
  }
});

it("ends the program, also one that ignores SIGTERM, when the signal aborts", async () => {
  const end = new AbortController();
  const why = new VedetteError("interrupted");
  const script = "trap '' TERM; while :; do sleep 0.05; done";
  const running = runProgram("trying", { path: "sh", args: [] }, ["-c", script], { signal: end.signal });
  const begun = performance.now();
  setTimeout(() => end.abort(why), 90);
  await expect(running).rejects.toBe(why);
  expect(performance.now() - begun).toBeGreaterThan(1_500);
});

it("does not start anything once the signal has aborted", async () => {
  await expect(
    node("process.exit(1)", { signal: AbortSignal.abort(new VedetteError("too late")) }),
  ).rejects.toThrow("too late");
});
