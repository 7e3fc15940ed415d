import { figure, type Figure } from "./figures.ts";
import { Managed } from "./managed.ts";
import type { Bench } from "./scratch.ts";
import { idle } from "./steward.ts";
import { compare } from "./throughput.ts";

/** The main figures again after the steward was killed with -9 and another one has adopted the nodes. */
export async function adopted(bench: Bench): Promise<Figure[]> {
  const managed = await Managed.create(bench.scratch);
  await managed.timed("up");
  const times: number[] = [];
  for (let turn = 0; turn < bench.runs; turn++) times.push(await managed.replaceSteward());
  const replaced = figure("adopted", "up after kill -9 of the steward", "ms", times);
  const resting = await idle(bench, "adopted", [managed]);
  const speed = await compare(bench, "adopted", managed, false);
  await managed.destroy();
  return [replaced, ...resting, ...speed];
}
