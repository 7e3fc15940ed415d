import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { engineSocket } from "./endpoint.ts";

/** The directory of a `docker` client with one context beside the default. */
function configured(current: string | undefined, host: string | null): string {
  const dir = mkdtempSync(join(tmpdir(), "vedette-docker-"));
  const id = createHash("sha256").update("desktop").digest("hex");
  const meta = join(dir, "contexts", "meta", id);
  mkdirSync(meta, { recursive: true });
  writeFileSync(join(dir, "config.json"), JSON.stringify({ currentContext: current }));
  const endpoints = host === null ? {} : { docker: { Host: host } };
  writeFileSync(join(meta, "meta.json"), JSON.stringify({ Name: "desktop", Endpoints: endpoints }));
  return dir;
}

describe("the engine's socket", () => {
  it("is the system's where nothing else is said", () => {
    expect(engineSocket({ DOCKER_CONFIG: "/nowhere" })).toBe("/var/run/docker.sock");
    expect(engineSocket({ DOCKER_CONFIG: configured("default", null) })).toBe("/var/run/docker.sock");
    expect(engineSocket({ DOCKER_CONFIG: configured(undefined, null), DOCKER_HOST: "" })).toBe(
      "/var/run/docker.sock",
    );
  });

  it("is that of DOCKER_HOST before any context", () => {
    const DOCKER_CONFIG = configured("desktop", "unix:///desktop.sock");
    expect(engineSocket({ DOCKER_CONFIG, DOCKER_HOST: "unix:///run/user/1000/docker.sock" })).toBe(
      "/run/user/1000/docker.sock",
    );
  });

  it("is that of the current context, and of DOCKER_CONTEXT before it", () => {
    expect(engineSocket({ DOCKER_CONFIG: configured("desktop", "unix:///desktop.sock") })).toBe(
      "/desktop.sock",
    );
    const DOCKER_CONFIG = configured("default", "unix:///desktop.sock");
    expect(engineSocket({ DOCKER_CONFIG, DOCKER_CONTEXT: "desktop" })).toBe("/desktop.sock");
  });

  it("is never on another machine", () => {
    expect(() => engineSocket({ DOCKER_HOST: "ssh://db-1" })).toThrow(/its engine is at ssh:\/\/db-1/);
    expect(() => engineSocket({ DOCKER_CONFIG: configured("desktop", "tcp://x:1") })).toThrow(/tcp:\/\/x:1/);
    expect(() => engineSocket({ DOCKER_CONFIG: configured("desktop", null) })).toThrow(
      /context desktop has no address/,
    );
  });
});
