import { execFile, execFileSync, spawn, type ChildProcess } from "node:child_process";
import { existsSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { until } from "../../src/clock.ts";
import { engineProcesses, killAll, own, takeOrphans } from "./docker-orphans.ts";

const PROGRAMS = ["dockerd", "docker", "docker-compose", "containerd"];
/** The subnets of test clusters are within. */
const TEST_NETWORKS = "172.31.0.0/16";

const START_DEADLINE_MS = 60_000;
const STOP_DEADLINE_MS = 30_000;

/** Why no Docker engine can be started here, or null. */
export function dockerHindrance(): string | null {
  if (process.platform !== "linux" || process.getuid?.() !== 0)
    return "an engine of its own needs Linux and root";
  const missing = PROGRAMS.filter((program) => !isThere(program));
  return missing.length === 0
    ? null
    : `${missing.join(", ")} not found: apt-get install docker.io docker-compose`;
}

function isThere(program: string): boolean {
  try {
    execFileSync("sh", ["-c", `command -v ${program}`], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/**
 * A Docker engine of its own: socket, images, containers and networks in one directory, which `stop` deletes. It leaves
 * the firewall alone, so that it disturbs no engine that this machine has; published ports are served by docker-proxy.
 */
export class DockerEngine {
  private constructor(
    readonly dir: string,
    private process: ChildProcess,
  ) {}

  static async start(): Promise<DockerEngine> {
    for (const orphan of takeOrphans()) await DockerEngine.clear(orphan);
    const dir = mkdtempSync(join(tmpdir(), "vdk-")); // short: a socket's path may have 107 characters
    own(dir);
    const engine = new DockerEngine(dir, launch(dir));
    forward("-I");
    await engine.ready();
    return engine;
  }

  /** Ends what a killed test run left. Only its engine knows its networks: it is started again, to remove them. */
  private static async clear(dir: string): Promise<void> {
    killAll(engineProcesses(dir));
    await until(async () => engineProcesses(dir).length === 0, { deadlineMs: STOP_DEADLINE_MS });
    const engine = new DockerEngine(dir, relaunch(dir));
    try {
      await engine.ready();
    } catch {
      return; // `ready` has deleted it; a new engine does not need to know why the old one was broken
    }
    await engine.stop();
  }

  private async ready(): Promise<void> {
    if (await until(() => this.answers(), { deadlineMs: START_DEADLINE_MS, everyMs: 50 })) return;
    const said = readFileSync(join(this.dir, "log"), "utf8").split("\n").slice(-20).join("\n");
    await this.stop();
    throw new Error(`dockerd did not come up:\n${said}`);
  }

  get socket(): string {
    return join(this.dir, "sock");
  }

  /** What makes `docker`, Compose and Vedette use this engine. */
  get env(): Record<string, string> {
    return { DOCKER_HOST: `unix://${this.socket}`, DOCKER_CONFIG: join(this.dir, "config") };
  }

  async docker(...args: string[]): Promise<string> {
    const options = { env: { ...process.env, ...this.env }, maxBuffer: 10_000_000 };
    return (await promisify(execFile)("docker", args, options)).stdout.trim();
  }

  async compose(cwd: string, ...args: string[]): Promise<string> {
    const options = { cwd, env: { ...process.env, ...this.env }, maxBuffer: 10_000_000 };
    return (await promisify(execFile)("docker-compose", args, options)).stdout.trim();
  }

  /** Ends all containers and the engine, and deletes everything. */
  async stop(): Promise<void> {
    if (!existsSync(this.dir)) return; // a second time would take away the forwarding of another engine
    if (await this.answers()) {
      const ids = (await this.docker("ps", "-aq")).split("\n").filter((id) => id !== "");
      if (ids.length > 0) await this.docker("rm", "-f", ...ids);
      await this.docker("network", "prune", "-f");
    }
    await this.end();
    killAll(engineProcesses(this.dir));
    forward("-D");
    for (const mount of mountsBelow(this.dir)) execFileSync("umount", ["-l", mount], { stdio: "ignore" });
    rmSync(this.dir, { recursive: true, force: true });
  }

  /** As a machine that goes down without a word and comes back: every process at once, then the engine alone. */
  async reboot(): Promise<void> {
    const ids = (await this.docker("ps", "-q")).split("\n");
    const pids = (await this.docker("inspect", "-f", "{{.State.Pid}}", ...ids)).split("\n").map(Number);
    this.signalAll("SIGKILL");
    killAll([...pids, ...engineProcesses(this.dir)]);
    await until(async () => this.hasEnded(), { deadlineMs: STOP_DEADLINE_MS, everyMs: 20 });
    this.process = relaunch(this.dir);
    await this.ready();
  }

  private async end(): Promise<void> {
    this.signalAll("SIGTERM");
    if ((await until(async () => this.hasEnded(), { deadlineMs: STOP_DEADLINE_MS, everyMs: 50 })) === null)
      this.signalAll("SIGKILL");
  }

  private hasEnded(): boolean {
    return this.process.exitCode !== null || this.process.signalCode !== null;
  }

  private signalAll(signal: NodeJS.Signals): void {
    try {
      process.kill(-(this.process.pid ?? NaN), signal);
    } catch {
      // it has ended
    }
  }

  private answers(): Promise<boolean> {
    return new Promise((resolve) => {
      const sent = request({ socketPath: this.socket, path: "/_ping", timeout: 2_000 }, (answer) => {
        answer.resume();
        resolve(answer.statusCode === 200);
      });
      sent.once("timeout", () => sent.destroy());
      sent.once("error", () => resolve(false));
      sent.end();
    });
  }
}

function launch(dir: string): ChildProcess {
  const log = openSync(join(dir, "log"), "a");
  const args = ["--host", `unix://${dir}/sock`, "--data-root", `${dir}/data`, "--exec-root", `${dir}/exec`];
  args.push("--pidfile", `${dir}/pid`, "--iptables=false", "--ip6tables=false", "--bridge=none");
  return spawn("dockerd", args, { stdio: ["ignore", log, log], detached: true });
}

/** After an end without a word: what it would have tidied up is in the way. */
function relaunch(dir: string): ChildProcess {
  for (const mount of mountsBelow(dir)) execFileSync("umount", ["-l", mount], { stdio: "ignore" });
  rmSync(join(dir, "pid"), { force: true });
  rmSync(join(dir, "exec"), { recursive: true, force: true });
  return launch(dir);
}

/**
 * Lets containers of the tests' subnets speak with each other (`-I`), or no longer (`-D`): another engine of this
 * machine may have forbidden everything that it does not know.
 */
function forward(what: "-I" | "-D"): void {
  const rule = ["-s", TEST_NETWORKS, "-d", TEST_NETWORKS, "-j", "ACCEPT"];
  try {
    execFileSync("iptables", [what, "FORWARD", ...rule], { stdio: "ignore" });
  } catch {
    // no iptables: then nothing is forbidden either
  }
}

function mountsBelow(dir: string): string[] {
  const lines = readFileSync("/proc/mounts", "utf8").split("\n");
  const mounts = lines.map((line) => line.split(" ")[1] ?? "").filter((mount) => mount.startsWith(`${dir}/`));
  return mounts.toReversed();
}
