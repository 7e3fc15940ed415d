import { statSync } from "node:fs";
import { errorCode, UsageError } from "../../errors.ts";
import type { Topology } from "../../topology/model.ts";
import { readText } from "./files.ts";

/** The password of every node and Sentinel, from the topology's file; null when there is none. */
export function readPassword(topology: Topology): string | null {
  const file = topology.security.passwordFile;
  if (file === null) return null;
  const doing = `reading the password from ${file}`;
  const mode = statSync(file, { throwIfNoEntry: false })?.mode;
  if (mode === undefined) {
    const next = `make it, for example: (umask 077; head -c 24 /dev/urandom | base64 > ${file})`;
    throw new UsageError(`${doing}: there is no such file`, { next });
  }
  if ((mode & 0o077) !== 0) {
    throw new UsageError(`${doing}: others than its owner may read it`, {
      next: `type \`chmod 600 ${file}\``,
    });
  }
  const password = read(file, doing).replace(/\r?\n$/, "");
  if (password === "" || /[\r\n\0]/.test(password)) {
    throw new UsageError(`${doing}: it must hold one line, the password`, { next: "write one line into it" });
  }
  // Sentinel writes `sentinel sentinel-pass a b` when it rewrites its file, and cannot start from that any more.
  if (/[\s"'\\]/.test(password)) {
    throw new UsageError(`${doing}: it has spaces, quotes or backslashes, which Sentinel cannot keep`, {
      next: "choose one without: base64 and hexadecimal are fine",
    });
  }
  return password;
}

function read(file: string, doing: string): string {
  try {
    return readText(file) ?? "";
  } catch (cause) {
    const next = errorCode(cause) === "EISDIR" ? "name a file, not a directory" : "make it readable for you";
    throw new UsageError(doing, { cause, next });
  }
}
