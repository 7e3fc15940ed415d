import { figure, type Figure } from "./figures.ts";
import { Managed, timeAlone } from "./managed.ts";
import type { Bench } from "./scratch.ts";

/** A command line that is not quick is not typed: its wall time against that of a Node.js that does nothing. */
export async function status(bench: Bench): Promise<Figure[]> {
  const managed = await Managed.create(bench.scratch);
  await managed.timed("up");
  const samples = { status: [] as number[], version: [] as number[], nothing: [] as number[] };
  const turns = bench.runs * 4;
  for (let turn = -1; turn < turns; turn++) {
    const measured = {
      status: managed.timedAlone("status"),
      nothing: timeAlone(["-e", "0"], managed.dir),
      version: managed.timedAlone("--version"),
    };
    if (turn < 0) continue; // the files were not in the page cache yet
    samples.status.push(measured.status);
    samples.nothing.push(measured.nothing);
    samples.version.push(measured.version);
  }
  await managed.destroy();
  const other = { what: "node -e 0", samples: samples.nothing };
  const inTime = { of: "ours", at: "most", value: 200 } as const;
  return [
    figure("status", "vedette status", "ms", samples.status, {
      other,
      targets: [{ of: "ratio", at: "most", value: 5 }, inTime],
    }),
    figure("status", "vedette --version", "ms", samples.version, { other, targets: [inTime] }),
  ];
}
