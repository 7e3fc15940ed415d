import { execFileSync } from "node:child_process";
import { statSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { dirname, join, resolve } from "node:path";
import { UsageError } from "../../errors.ts";
import {
  enableService,
  hasSystemd,
  serviceCommands,
  writeService,
  type ServicePlace,
} from "../../operations/install-service.ts";
import { renderService, serviceName } from "../../render/systemd-unit.ts";
import { findBinaries, findBinary } from "../../runtimes/state/binaries.ts";
import { packageFile } from "../../runtimes/state/package-root.ts";
import type { Topology } from "../../topology/model.ts";
import type { Invocation } from "../command.ts";
import type { Io } from "../io.ts";
import { openTopology } from "../open.ts";

export async function run({ io, options }: Invocation): Promise<number> {
  const { topology } = openTopology(options);
  const user = options.user === true;
  const unit = serviceName(topology);
  const text = renderService(topology, {
    node: process.execPath,
    vedette: packageFile("dist/vedette.js"),
    path: [...new Set(programsOf(topology).map((program) => dirname(program)))],
    user: user ? null : ownerOf(topology),
  });
  if (options.out !== undefined) {
    io.out(
      `wrote ${writeService(topology, { directory: resolve(options.out), user }, unit, text)}; systemd was not told`,
    );
    return 0;
  }
  const place: ServicePlace = { directory: user ? userUnits() : "/etc/systemd/system", user };
  const why = options.print ? null : hindrance(user);
  if (options.print || why !== null) {
    print(io, place, unit, text, why);
    return 0;
  }
  const file = writeService(topology, place, unit, text);
  await enableService(place, unit);
  io.out(`wrote ${file} and enabled it: the cluster comes back after a reboot`);
  io.out(`Nothing was started. ${startAdvice(place, unit)}`);
  return 0;
}

/** What `up` calls: systemd's own PATH is short. */
function programsOf({ runtime }: Topology): string[] {
  if (runtime === "docker") return [findBinary("docker", process.env)];
  const { server, cli } = findBinaries(process.env);
  return [server, cli];
}

/** Why nothing can be installed here, or null. */
function hindrance(user: boolean): string | null {
  if (!hasSystemd()) return "this machine does not run systemd";
  return user || isRoot() ? null : "that needs root";
}

/** The unit alone on stdout, so that it can be redirected; what to do with it on stderr. */
function print(io: Io, place: ServicePlace, unit: string, text: string, why: string | null): void {
  io.out(text);
  const sudo = place.user || isRoot() ? "" : "sudo ";
  const self = [process.execPath, packageFile("dist/vedette.js"), ...process.argv.slice(2)].map(
    quoteForShell,
  );
  const write = [...self.filter((word) => word !== "--print"), "--print"].join(" ");
  io.note(
    why === null ? "Nothing was installed. To install it:" : `Nothing was installed: ${why}. To do it:`,
  );
  if (place.user) io.note(`  mkdir -p ${quoteForShell(place.directory)}`);
  io.note(`  ${write} 2>/dev/null | ${sudo}tee ${quoteForShell(join(place.directory, unit))} >/dev/null`);
  for (const command of serviceCommands(place, unit)) io.note(`  ${sudo}${command.join(" ")}`);
  io.note(startAdvice(place, unit));
}

function startAdvice({ user }: ServicePlace, unit: string): string {
  const start = user ? `systemctl --user start ${unit}` : `${isRoot() ? "" : "sudo "}systemctl start ${unit}`;
  const linger = user ? " To have it at boot and not at your first login: loginctl enable-linger" : "";
  return `\`${start}\` starts the cluster, or adopts it if it runs; do it once, so that a shutdown stops it in order.${linger}`;
}

function isRoot(): boolean {
  return process.getuid?.() === 0;
}

function userUnits(): string {
  return join(process.env["XDG_CONFIG_HOME"] || join(homedir(), ".config"), "systemd", "user");
}

/**
 * The unit runs as whoever owns the cluster's state, not as root because it was installed with sudo: that would
 * leave files that their owner can no longer use.
 */
function ownerOf({ stateDir }: Topology): string {
  const owner = statSync(stateDir, { throwIfNoEntry: false })?.uid;
  if (owner === undefined) return process.env["SUDO_USER"] || userInfo().username;
  if (owner === process.getuid?.()) return userInfo().username;
  try {
    return execFileSync("id", ["-un", String(owner)], { encoding: "utf8" }).trim();
  } catch (cause) {
    throw new UsageError(`writing the systemd unit: nobody has the uid ${owner}, which owns ${stateDir}`, {
      cause,
    });
  }
}

function quoteForShell(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
