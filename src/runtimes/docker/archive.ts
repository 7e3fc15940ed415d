import { buffer } from "node:stream/consumers";
import { extract, pack } from "tar-stream";
import { EngineError, type Engine } from "./engine.ts";

/** Who owns what we put into a volume: the server's user in the official images. */
const SERVER = { uid: 999, gid: 999 };

/** Small files of one directory, by name. */
export type Files = Map<string, string>;

/** Of the files of a directory in a container, running or not: those in `names`, with what they hold. */
export async function readFiles(
  engine: Engine,
  container: string,
  dir: string,
  wanted: (name: string) => boolean,
): Promise<Files> {
  const files: Files = new Map();
  for await (const { name, entry } of filesOf(engine, container, dir)) {
    if (wanted(name)) files.set(name, (await buffer(entry as AsyncIterable<Buffer>)).toString("utf8"));
  }
  return files;
}

/** Whether there is a file at a path, or in the directory at it, that is not empty. */
export async function holdsSomething(engine: Engine, container: string, path: string): Promise<boolean> {
  for await (const { entry } of filesOf(engine, container, path))
    if ((entry.header.size ?? 0) > 0) return true;
  return false;
}

/** One file as it comes by: its bytes are there until the next one is asked for. */
interface Entry extends AsyncIterable<unknown> {
  header: { size?: number | undefined };
}

/** A file by itself comes as one entry, a directory as one for each file; nothing there, none. */
async function* filesOf(
  engine: Engine,
  container: string,
  dir: string,
): AsyncGenerator<{ name: string; entry: Entry }> {
  const doing = `reading ${dir} of ${container}`;
  let tar;
  try {
    tar = await engine.stream("GET", `/containers/${container}/archive`, { doing, query: { path: dir } });
  } catch (error) {
    if (error instanceof EngineError && error.status === 404) return;
    throw error;
  }
  const entries = extract();
  tar.pipe(entries);
  tar.once("error", (error) => entries.destroy(error));
  try {
    for await (const entry of entries) {
      const { name, type } = entry.header;
      if (type === "file") yield { name: name.slice(name.indexOf("/") + 1), entry };
      entry.resume();
    }
  } finally {
    tar.destroy(); // a reader that has seen enough leaves the rest, which may be gigabytes
  }
}

/**
 * Puts files into a directory of a container, running or not: each appears whole. The directory above must exist.
 *
 * A file cannot be taken away so; an empty one counts as none.
 */
export async function writeFiles(
  engine: Engine,
  container: string,
  dir: string,
  files: Files,
): Promise<void> {
  const at = dir.lastIndexOf("/");
  const above = dir.slice(0, at) || "/";
  const name = dir.slice(at + 1);
  const tar = pack();
  tar.entry({ name: `${name}/`, type: "directory", mode: 0o700, ...SERVER });
  for (const [file, content] of files)
    tar.entry({ name: `${name}/${file}`, mode: 0o600, ...SERVER }, content);
  tar.finalize();
  const doing = `writing ${dir} of ${container}`;
  const answer = await engine.stream("PUT", `/containers/${container}/archive`, {
    doing,
    query: { path: above },
    archive: await buffer(tar),
  });
  await buffer(answer);
}
