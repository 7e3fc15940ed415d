import { appendFileSync, mkdtempSync, rmSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { NodeId } from "../../topology/model.ts";
import { EngineError, type Engine } from "./engine.ts";
import { demultiplex } from "./multiplexed.ts";

interface Mirror {
  file: string;
  /** The engine's stamp of the last line: nanoseconds, as text. */
  last: string;
}

/** Copies of containers' logs as files, for those who read logs; they end with this process. */
export class LogMirrors {
  private dir: string | null = null;
  private readonly mirrors = new Map<string, Mirror>();

  constructor(private readonly engine: Engine) {}

  /** Brings the copy of a container's log up to date. Null when there is no such container. */
  async update(node: NodeId, container: string): Promise<string | null> {
    const mirror = this.mirrorOf(node, container);
    const query = {
      stdout: true,
      stderr: true,
      timestamps: true,
      ...(mirror.last !== "" && { since: (Date.parse(mirror.last) / 1000).toFixed(3) }),
    };
    let bytes: Buffer;
    try {
      bytes = await this.engine.bytes(`/containers/${container}/logs`, {
        doing: `reading the log of ${node}`,
        query,
      });
    } catch (error) {
      if (error instanceof EngineError && error.status === 404) return null;
      throw error;
    }
    const lines = linesAfter(demultiplex(bytes), mirror.last);
    if (lines.length === 0) return mirror.file;
    appendFileSync(mirror.file, lines.map(({ text }) => `${text}\n`).join(""));
    mirror.last = lines.at(-1)?.stamp ?? mirror.last;
    const written = new Date(mirror.last);
    utimesSync(mirror.file, written, written); // readers pass over logs that ended before what they look for
    return mirror.file;
  }

  private mirrorOf(node: NodeId, container: string): Mirror {
    const known = this.mirrors.get(container);
    if (known !== undefined) return known;
    const mirror = { file: join(this.ownDir(), `${node}.${container.slice(0, 12)}.log`), last: "" };
    appendFileSync(mirror.file, "", { mode: 0o600 });
    this.mirrors.set(container, mirror);
    return mirror;
  }

  private ownDir(): string {
    if (this.dir === null) {
      const dir = mkdtempSync(join(tmpdir(), "vedette-logs-"));
      process.once("exit", () => rmSync(dir, { recursive: true, force: true }));
      this.dir = dir;
    }
    return this.dir;
  }
}

interface Line {
  stamp: string;
  text: string;
}

/** `2026-11-26T09:02:05.123456789Z the line itself`: those with a later stamp. Exported for its test. */
export function linesAfter(log: string, last: string): Line[] {
  return log.split("\n").flatMap((line) => {
    const at = line.indexOf(" ");
    const stamp = line.slice(0, at);
    return at < 0 || stamp <= last ? [] : [{ stamp, text: inOurTime(line.slice(at + 1)) }];
  });
}

const OF_REDIS = /^(\d+:[A-Z] )(\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d(?:\.\d{3})?)( [.\-*#] .*)$/;
const OF_SCRIPT = /^()(\d{1,2} \w{3} \d{4} \d\d:\d\d:\d\d)( vedette\[.*)$/;

/** Containers have no time zone but UTC, and readers of logs take the times in them for this machine's. */
function inOurTime(text: string): string {
  const [, before, time = "", after] = OF_REDIS.exec(text) ?? OF_SCRIPT.exec(text) ?? [];
  const at = new Date(`${time} UTC`);
  if (before === undefined || Number.isNaN(at.getTime())) return text;
  const two = (n: number) => String(n).padStart(2, "0");
  const month = at.toLocaleString("en-US", { month: "short" });
  const clock = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(":");
  const ms = time.includes(".") ? `.${String(at.getMilliseconds()).padStart(3, "0")}` : "";
  return `${before}${two(at.getDate())} ${month} ${at.getFullYear()} ${clock}${ms}${after}`;
}
