import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { errorCode, explain, UsageError, VedetteError } from "../errors.ts";
import { serviceMark } from "../render/systemd-unit.ts";
import type { Topology } from "../topology/model.ts";
import { writeWhole } from "./write-files.ts";

const SYSTEMCTL_DEADLINE_MS = 30_000;

/** Where a unit goes, and which systemd reads it. */
export interface ServicePlace {
  directory: string;
  /** A user's own systemd instead of the system's. */
  user: boolean;
}

/** The commands that make systemd take the unit up: exactly what `enableService` runs. */
export function serviceCommands({ user }: ServicePlace, unit: string): string[][] {
  const systemctl = user ? ["systemctl", "--user"] : ["systemctl"];
  return [
    [...systemctl, "daemon-reload"],
    [...systemctl, "enable", unit],
  ];
}

/** systemd runs this machine: `sd_booted()` asks the same. */
export function hasSystemd(): boolean {
  return existsSync("/run/systemd/system");
}

/** Writes the unit. Refuses to replace one of the same name that belongs to another topology file. */
export function writeService(
  topology: Topology,
  { directory }: ServicePlace,
  unit: string,
  text: string,
): string {
  const file = join(directory, unit);
  const before = textOf(file);
  if (before !== null && before.split("\n", 1)[0] !== serviceMark(topology)) {
    throw new UsageError(`writing ${file}: it is there, and of another topology file`, {
      next: "give this cluster another `name`, or remove that unit first",
    });
  }
  writeWhole(file, text);
  return file;
}

export async function enableService(place: ServicePlace, unit: string): Promise<void> {
  for (const [program = "", ...args] of serviceCommands(place, unit)) {
    try {
      await promisify(execFile)(program, args, { timeout: SYSTEMCTL_DEADLINE_MS });
    } catch (cause) {
      throw new VedetteError(`running ${[program, ...args].join(" ")}: ${reason(cause)}`, {
        cause,
        next: `the unit is written to ${join(place.directory, unit)}; run the command again once it can work`,
      });
    }
  }
}

function reason(cause: unknown): string {
  const said =
    typeof cause === "object" && cause !== null && "stderr" in cause ? String(cause.stderr).trim() : "";
  return said === "" ? explain(cause) : said;
}

function textOf(file: string): string | null {
  try {
    return readFileSync(file, "utf8");
  } catch (cause) {
    if (errorCode(cause) === "ENOENT") return null;
    throw new VedetteError(`reading ${file}`, { cause });
  }
}
