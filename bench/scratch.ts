import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

type Undo = () => Promise<void> | void;

/** Everything that the benches started or made, to be taken back in reverse order whatever happens. */
export class Scratch {
  private readonly undos: Undo[] = [];
  private ending: Promise<void> | null = null;
  private readonly interrupt = new AbortController();

  /** Aborted when the end begins: a command under way must not start what has just been undone. */
  get interrupted(): AbortSignal {
    return this.interrupt.signal;
  }

  /** Returns the undo for those that want to be earlier; doing it twice must be harmless. */
  onEnd(undo: Undo): Undo {
    this.undos.push(undo);
    return undo;
  }

  directory(): string {
    const dir = mkdtempSync(join(tmpdir(), "vedette-bench-"));
    this.onEnd(() => rmSync(dir, { recursive: true, force: true }));
    return dir;
  }

  end(): Promise<void> {
    this.ending ??= this.undoAll();
    return this.ending;
  }

  private async undoAll(): Promise<void> {
    this.interrupt.abort();
    for (let undo = this.undos.pop(); undo !== undefined; undo = this.undos.pop()) {
      try {
        await undo();
      } catch (error) {
        process.stderr.write(`bench: clearing up: ${String(error)}\n`);
      }
    }
  }
}

/** What a bench works with. */
export interface Bench {
  /** Turns of each measurement. */
  runs: number;
  /** Shorter and smaller: to see that a bench works. Its figures are no figures. */
  quick: boolean;
  scratch: Scratch;
  note: (line: string) => void;
}
