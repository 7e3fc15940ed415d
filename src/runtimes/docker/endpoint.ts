import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { UsageError } from "../../errors.ts";

const DEFAULT_SOCKET = "/var/run/docker.sock";

/**
 * The socket of the engine that `docker` itself would use: DOCKER_HOST, else the context of DOCKER_CONTEXT or of the
 * client's configuration, else the system's.
 *
 * @throws UsageError for an engine on another machine: it would not see the configuration files that we write here
 */
export function engineSocket(env: NodeJS.ProcessEnv): string {
  const host = env["DOCKER_HOST"] || contextHost(env) || `unix://${DEFAULT_SOCKET}`;
  if (host.startsWith("unix://")) return host.slice("unix://".length);
  throw new UsageError(
    `looking for Docker: its engine is at ${host}, and Vedette works with one of this machine`,
    {
      next: "unset DOCKER_HOST, or choose another context with `docker context use default`; on the other machine run Vedette there",
    },
  );
}

/** The address that the current context has; null for the default one, which has none. */
function contextHost(env: NodeJS.ProcessEnv): string | null {
  const dir = env["DOCKER_CONFIG"] || join(homedir(), ".docker");
  const name = env["DOCKER_CONTEXT"] || text(read(join(dir, "config.json"))["currentContext"]);
  if (name === null || name === "" || name === "default") return null;
  const id = createHash("sha256").update(name).digest("hex");
  const endpoints = read(join(dir, "contexts", "meta", id, "meta.json"))["Endpoints"];
  const docker = isRecord(endpoints) ? endpoints["docker"] : undefined;
  const host = isRecord(docker) ? text(docker["Host"]) : null;
  if (host !== null) return host;
  throw new UsageError(`looking for Docker: its context ${name} has no address`, {
    next: "choose another with `docker context use default`",
  });
}

function read(file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return isRecord(value) ? value : {};
  } catch {
    return {}; // a client that was never configured
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
