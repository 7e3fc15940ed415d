import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, copyFile, mkdir, mkdtemp, readFile, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { until } from "../src/clock.ts";

// The script runs on a PATH of its own: the few tools it may use, and stubs that write down how they were
// called. Nothing of this machine is installed, started or stopped.

const script = fileURLToPath(new URL("../scripts/bootstrap.sh", import.meta.url));
const tools = "sh cat chmod env find grep mkdir mktemp rm sleep tail touch true".split(" ");
const redisBinaries = ["redis-server", "redis-sentinel", "redis-cli", "redis-benchmark", "redis-check-rdb"];

interface Machine {
  directory: string;
  bin: string;
  policy: string;
  units: string;
  /** Adds an executable; every call is recorded as one line `name arguments`. */
  stub(name: string, body?: string): Promise<void>;
  calls(): Promise<string[]>;
  environment(): NodeJS.ProcessEnv;
  run(mode?: string): { code: number | null; output: string };
}

const machines: string[] = [];

afterEach(async () => {
  for (const directory of machines.splice(0)) await rm(directory, { recursive: true });
});

function which(tool: string): string {
  const directory = (process.env["PATH"] ?? "").split(delimiter).find((each) => existsSync(join(each, tool)));
  if (directory === undefined) throw new Error(`this test needs ${tool} on the PATH`);
  return join(directory, tool);
}

async function fakeCheckout(checkout: string): Promise<void> {
  for (const each of ["scripts", "src", "node_modules", "dist"])
    await mkdir(join(checkout, each), { recursive: true });
  await copyFile(script, join(checkout, "scripts/bootstrap.sh"));
  for (const file of ["package.json", "package-lock.json", "tsconfig.json", "src/index.ts"])
    await writeFile(join(checkout, file), "");
  for (const file of ["scripts/build.mjs", "scripts/licenses.mjs"]) await writeFile(join(checkout, file), "");
  const later = new Date(Date.now() + 60_000);
  for (const file of ["node_modules/.package-lock.json", "dist/.stamp"]) {
    await writeFile(join(checkout, file), "");
    await utimes(join(checkout, file), later, later);
  }
}

/** A machine with Node and npm, packages installed and built; without Redis unless `redis` says so. */
async function machine(options: { redis: boolean }): Promise<Machine> {
  const directory = await mkdtemp(join(tmpdir(), "vedette-bootstrap-"));
  machines.push(directory);
  const [bin, checkout, units] = [
    join(directory, "bin"),
    join(directory, "checkout"),
    join(directory, "units"),
  ];
  for (const each of [bin, checkout, units]) await mkdir(each);
  for (const tool of tools) await symlink(which(tool), join(bin, tool));
  await fakeCheckout(checkout);

  const log = join(directory, "calls");
  const policy = join(directory, "policy-rc.d");
  const environment = () => ({
    PATH: bin,
    VEDETTE_POLICY_RC_D: policy,
    VEDETTE_UNIT_DIRS: units,
    TMPDIR: directory,
  });
  const self: Machine = {
    directory,
    bin,
    policy,
    units,
    environment,
    async stub(name, body = "") {
      await writeFile(join(bin, name), `#!/bin/sh\necho "${name} $*" >>"${log}"\n${body}\n`);
      await chmod(join(bin, name), 0o755);
    },
    async calls() {
      return existsSync(log) ? (await readFile(log, "utf8")).trim().split("\n") : [];
    },
    run(mode = "runtime") {
      const args = [join(checkout, "scripts/bootstrap.sh"), mode];
      const result = spawnSync("/bin/sh", args, { env: environment(), encoding: "utf8" });
      return { code: result.status, output: result.stdout + result.stderr };
    },
  };
  await self.stub("node", "echo v20.19.0");
  await self.stub("npm", "mkdir -p node_modules && touch node_modules/.package-lock.json");
  await self.stub("id", "echo 0");
  await self.stub("systemctl");
  if (options.redis) for (const binary of redisBinaries) await self.stub(binary, redisVersion("7.0.15"));
  return self;
}

const redisVersion = (version: string) =>
  `echo "Redis server v=${version} sha=00000000:0 malloc=jemalloc bits=64"`;

/** Shell lines after which the machine has Redis, as far as the script can see. */
function redisAppears(box: Machine): string {
  return `
touch "${box.units}/redis-server.service" "${box.units}/redis-sentinel.service"
for binary in ${redisBinaries.join(" ")}; do
  [ -e "${box.bin}/$binary" ] && continue
  printf '#!/bin/sh\\n%s\\n' '${redisVersion("7.0.15")}' >"${box.bin}/$binary"
  chmod 755 "${box.bin}/$binary"
done`;
}

/** What apt-get does: dpkg asks the policy before it starts a service. */
function aptInstalls(box: Machine): string {
  return `
case "$*" in *" -y install "*) ;; *) exit 0 ;; esac
for service in redis-server.service redis-sentinel.service cron; do
  "${box.policy}" --quiet $service start; echo "policy $service $?" >>"${box.directory}/calls"
done
${redisAppears(box)}`;
}

describe("a machine that has everything", () => {
  test("prints nothing and starts nothing but two version checks", async () => {
    const box = await machine({ redis: true });
    await box.stub("apt-get");
    expect(box.run()).toEqual({ code: 0, output: "" });
    expect(await box.calls()).toEqual(["node --version", "redis-server --version"]);
  });

  test.each([
    ["redis-server", "6.0.16", "needs Redis 6.2 or newer"],
    ["redis-server", "5.0.7", "needs Redis 6.2 or newer"],
  ])("refuses %s %s", async (binary, version, message) => {
    const box = await machine({ redis: true });
    await box.stub(binary, redisVersion(version));
    const { code, output } = box.run();
    expect(code).toBe(1);
    expect(output).toContain(message);
    expect(output).toContain(version);
  });

  test.each(["v18.20.4", "v20.18.3"])("refuses Node.js %s", async (version) => {
    const box = await machine({ redis: true });
    await box.stub("node", `echo ${version}`);
    const { code, output } = box.run();
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`Node\\.js 20\\.19 or newer.*${version}`));
  });

  test("says that Node.js is missing", async () => {
    const box = await machine({ redis: true });
    await rm(join(box.bin, "node"));
    expect(box.run().output).toMatch(/no `node` on the PATH.*nodejs\.org/);
  });

  test("the smallest Node.js is the one that package.json promises", async () => {
    const text = await readFile(script, "utf8");
    const about: unknown = JSON.parse(await readFile(new URL("../package.json", import.meta.url), "utf8"));
    expect(about).toMatchObject({ engines: { node: `>=${/^node_minimum=(.+)$/m.exec(text)?.[1]}` } });
  });
});

describe("npm packages and the build", () => {
  test("npm ci runs when the lock file is newer, once", async () => {
    const box = await machine({ redis: true });
    const later = new Date(Date.now() + 120_000);
    await utimes(join(box.directory, "checkout/package-lock.json"), later, later);
    await box.stub("npm", "touch -r package-lock.json node_modules/.package-lock.json");
    const { code, output } = box.run();
    expect(code).toBe(0);
    expect(output).toContain("package-lock.json is newer");
    const installs = (await box.calls()).filter((call) => call.startsWith("npm "));
    expect(installs).toEqual(["npm ci --include=dev --no-audit --no-fund --loglevel=error"]);
  });

  test("a failing npm ci ends with one sentence", async () => {
    const box = await machine({ redis: true });
    await rm(join(box.directory, "checkout/node_modules"), { recursive: true });
    await box.stub("npm", "echo ENETUNREACH >&2; exit 1");
    const { code, output } = box.run();
    expect(code).toBe(1);
    expect(output).toContain("node_modules is missing");
    expect(output.trimEnd()).toMatch(/npm ci failed.*reachable\?.*again\.$/);
  });

  test.each(["src/index.ts", "package.json"])("a change of %s builds", async (file) => {
    const box = await machine({ redis: true });
    const later = new Date(Date.now() + 120_000);
    await utimes(join(box.directory, "checkout", file), later, later);
    box.run();
    expect(await box.calls()).toContain("node scripts/build.mjs");
  });

  test("`build` asks for no Redis", async () => {
    const box = await machine({ redis: false });
    expect(box.run("build")).toEqual({ code: 0, output: "" });
  });
});

describe("root on Debian without Redis", () => {
  test("installs, lets no service of the packages start, now or after a reboot", async () => {
    const box = await machine({ redis: false });
    await box.stub("apt-get", aptInstalls(box));
    const { code, output } = box.run();
    expect(output).toMatch(
      /these are missing: redis-server .*Installing with apt-get: redis-server redis-sentinel/,
    );
    expect(code).toBe(0);
    const calls = await box.calls();
    expect(calls.filter((call) => call.includes("-y install"))).toEqual([
      expect.stringMatching(/--no-install-recommends redis-server redis-sentinel redis-tools$/),
    ]);
    expect(calls.filter((call) => call.startsWith("policy"))).toEqual([
      "policy redis-server.service 101",
      "policy redis-sentinel.service 101",
      "policy cron 0",
    ]);
    expect(calls.filter((call) => call.startsWith("systemctl"))).toEqual([
      "systemctl disable --now redis-server",
      "systemctl disable --now redis-sentinel",
    ]);
    expect(existsSync(box.policy)).toBe(false);
    expect(box.run()).toEqual({ code: 0, output: "" });
  });

  test("updates the package lists once when apt-get does not know the packages", async () => {
    const box = await machine({ redis: false });
    const known = join(box.directory, "known");
    const lists = `case "$*" in *update) touch "${known}" ;; *" -s install "*) [ -e "${known}" ] || exit 100 ;; esac`;
    await box.stub("apt-get", `${lists}\n${aptInstalls(box)}`);
    expect(box.run().code).toBe(0);
    expect((await box.calls()).filter((call) => call.endsWith("update"))).toHaveLength(1);
  });

  test("a failed installation leaves no policy and says so in one message", async () => {
    const box = await machine({ redis: false });
    await box.stub(
      "apt-get",
      `[ -e "${box.policy}" ] || exit 99\necho "E: Could not resolve deb.debian.org"; exit 100`,
    );
    const { code, output } = box.run();
    expect(code).toBe(1);
    expect(output).toContain("E: Could not resolve deb.debian.org");
    expect(output.trimEnd()).toMatch(/apt-get could not install .*Is this machine online\?$/);
    expect(existsSync(box.policy)).toBe(false);
  });

  test("Ctrl-C in the middle of the installation removes the policy", async () => {
    const box = await machine({ redis: false });
    const reached = join(box.directory, "reached");
    // `exec`: Ctrl-C must end this stub as it ends apt-get.
    await box.stub("apt-get", `case "$*" in *" -y install "*) touch "${reached}"; exec sleep 60 ;; esac`);
    const child = spawn("/bin/sh", [join(box.directory, "checkout/scripts/bootstrap.sh"), "runtime"], {
      env: box.environment(),
      stdio: "ignore",
      detached: true,
    });
    const ended = new Promise<number | null>((resolve) => child.on("exit", resolve));
    expect(await until(async () => existsSync(reached), { deadlineMs: 5_000 })).toBe(true);
    expect(existsSync(box.policy)).toBe(true);
    // The terminal sends it to the whole foreground group.
    process.kill(-child.pid!, "SIGINT");
    expect(await ended).not.toBe(0);
    expect(existsSync(box.policy)).toBe(false);
  });

  test("a policy that an administrator wrote stays as it is", async () => {
    const box = await machine({ redis: false });
    const theirs = "#!/bin/sh\nexit 0\n";
    await writeFile(box.policy, theirs);
    await chmod(box.policy, 0o755);
    await box.stub("apt-get", aptInstalls(box));
    expect(box.run().code).toBe(0);
    expect(await readFile(box.policy, "utf8")).toBe(theirs);
    // It allowed the start, so stopping is all the more needed.
    expect(await box.calls()).toContain("systemctl disable --now redis-server");
  });

  test("a redis-server that was there before is not touched", async () => {
    const box = await machine({ redis: true });
    await rm(join(box.bin, "redis-sentinel"));
    await rm(join(box.bin, "redis-benchmark"));
    await writeFile(join(box.units, "redis-server.service"), "");
    await writeFile(join(box.units, "redis-sentinel.service"), "");
    await box.stub("apt-get", aptInstalls(box));
    expect(box.run().code).toBe(0);
    const calls = await box.calls();
    expect(calls.find((call) => call.includes("-y install"))).toMatch(
      /recommends redis-sentinel redis-tools$/,
    );
    expect(calls.filter((call) => call.startsWith("systemctl"))).toEqual([]);
  });
});

describe("an ordinary user", () => {
  async function ordinary(): Promise<Machine> {
    const box = await machine({ redis: false });
    await box.stub("id", "echo 1000");
    await box.stub("apt-get", aptInstalls(box));
    return box;
  }

  test("without sudo gets the exact command, and nothing is touched", async () => {
    const box = await ordinary();
    await rm(join(box.directory, "checkout/node_modules"), { recursive: true });
    const { code, output } = box.run();
    expect(code).toBe(1);
    expect(output).toContain(
      "\n    sudo apt-get update && sudo apt-get install -y --no-install-recommends " +
        "redis-server redis-sentinel redis-tools && sudo systemctl disable --now redis-server redis-sentinel\n",
    );
    expect(await box.calls()).toEqual(["node --version", "id -u"]);
  });

  test("whose sudo asks for a password gets the command too", async () => {
    const box = await ordinary();
    await box.stub("sudo", "exit 1");
    expect(box.run().code).toBe(1);
    expect(await box.calls()).toEqual(["node --version", "id -u", "sudo -n true"]);
  });

  test("with passwordless sudo is told, and it is used", async () => {
    const box = await ordinary();
    await box.stub("sudo", 'shift; exec "$@"');
    const { code, output } = box.run();
    expect(output).toContain("Installing with sudo apt-get: redis-server redis-sentinel redis-tools");
    expect(code).toBe(0);
    expect(existsSync(box.policy)).toBe(false);
  });
});

describe("other systems", () => {
  test("dnf as root", async () => {
    const box = await machine({ redis: false });
    await box.stub("dnf", redisAppears(box));
    expect(box.run().code).toBe(0);
    expect(await box.calls()).toContain("dnf install -y -q redis");
  });

  test("Homebrew as an ordinary user, without sudo", async () => {
    const box = await machine({ redis: false });
    await box.stub("id", "echo 501");
    await box.stub("sudo");
    await box.stub("brew", redisAppears(box));
    const { code, output } = box.run();
    expect(output).toContain("Running: brew install redis");
    expect(code).toBe(0);
    expect((await box.calls()).filter((call) => call.startsWith("sudo"))).toEqual([]);
  });

  test("Homebrew refuses root, so we do not try", async () => {
    const box = await machine({ redis: false });
    await box.stub("brew", redisAppears(box));
    expect(box.run().output).toMatch(/ordinary user.*brew install redis/);
    expect((await box.calls()).filter((call) => call.startsWith("brew"))).toEqual([]);
  });

  test("`redis-server --sentinel` does where there is no redis-sentinel and no apt-get", async () => {
    const box = await machine({ redis: true });
    await rm(join(box.bin, "redis-sentinel"));
    expect(box.run()).toEqual({ code: 0, output: "" });
  });

  test("an unknown system is told what is missing", async () => {
    const box = await machine({ redis: false });
    const { code, output } = box.run();
    expect(code).toBe(1);
    expect(output).toMatch(/missing: redis-server redis-sentinel .*redis\.io/);
  });
});

describe("a cluster in containers", () => {
  const withDocker = async (box: Machine) => {
    await box.stub("docker");
    await box.stub("docker-compose");
  };

  test("needs Docker and Compose, and no Redis", async () => {
    const box = await machine({ redis: false });
    await withDocker(box);
    expect(box.run("docker")).toEqual({ code: 0, output: "" });
    expect(await box.calls()).toEqual(["node --version"]);
  });

  test("is known by how it was started, and by its topology file", async () => {
    const box = await machine({ redis: false });
    await withDocker(box);
    const checkout = join(box.directory, "checkout");
    await writeFile(join(checkout, "vedette.yaml"), "name: x\nruntime: docker\n");
    expect(box.run()).toEqual({ code: 0, output: "" });
    await rm(join(checkout, "vedette.yaml"));
    await mkdir(join(checkout, ".vedette/shop"), { recursive: true });
    await writeFile(join(checkout, ".vedette/shop/cluster.json"), '{\n  "runtime": "docker"\n}\n');
    expect(box.run()).toEqual({ code: 0, output: "" });
  });

  test("gets what is missing from Debian, and its engine is left to start", async () => {
    const box = await machine({ redis: false });
    await box.stub(
      "apt-get",
      `case "$*" in *" -y install "*) for each in docker docker-compose; do cp "${box.bin}/systemctl" "${box.bin}/$each"; done ;; esac`,
    );
    await symlink(which("cp"), join(box.bin, "cp"));
    const { code, output } = box.run("docker");
    expect(output).toMatch(
      /these are missing: docker docker-compose\. Installing with apt-get: docker\.io docker-compose/,
    );
    expect(code).toBe(0);
    expect((await box.calls()).filter((call) => call.startsWith("systemctl disable"))).toEqual([]);
    expect(existsSync(box.policy)).toBe(false);
  });

  test("cannot be had without root, and the command is told", async () => {
    const box = await machine({ redis: false });
    await box.stub("id", "echo 1000");
    await box.stub("apt-get");
    const { code, output } = box.run("docker");
    expect(output).toContain(
      "    sudo apt-get update && sudo apt-get install -y --no-install-recommends docker.io docker-compose",
    );
    expect(code).toBe(1);
  });

  test("is tested where an engine can be installed, without starting its service; elsewhere not", async () => {
    const box = await machine({ redis: true });
    await box.stub(
      "apt-get",
      `case "$*" in *" -y install "*) "${box.policy}" docker start; echo "policy docker $?" >>"${box.directory}/calls" ;; esac`,
    );
    const { code, output } = box.run("test");
    expect(output).toMatch(
      /The tests of containers need docker dockerd iptables docker-compose\. Installing/,
    );
    expect(code).toBe(0);
    expect(await box.calls()).toContain("policy docker 101");
    await box.stub("id", "echo 1000");
    expect(box.run("test")).toEqual({ code: 0, output: "" });
  });
});
