import { systemClock } from "../src/clock.ts";
import { usageOf } from "../src/runtimes/local/usage.ts";
import { figure, type Figure } from "./figures.ts";
import { Managed } from "./managed.ts";
import type { Bench } from "./scratch.ts";

const MEGABYTE = 1024 * 1024;

/** What the steward costs while nothing happens, with 1, 5 and 20 clusters on the machine. */
export async function steward(bench: Bench): Promise<Figure[]> {
  const clusters: Managed[] = [];
  const figures: Figure[] = [];
  for (const count of bench.quick ? [1, 3] : [1, 5, 20]) {
    while (clusters.length < count) {
      const managed = await Managed.create(bench.scratch, { maxmemory: "16mb" });
      await managed.timed("up");
      clusters.push(managed);
    }
    figures.push(...(await idle(bench, "steward", clusters)));
  }
  await Promise.all(clusters.map((managed) => managed.destroy()));
  return figures;
}

/** Memory and CPU of the worst of the clusters' stewards over a while of doing nothing. */
export async function idle(bench: Bench, name: string, clusters: readonly Managed[]): Promise<Figure[]> {
  const [restMs, watchMs] = bench.quick ? [2_000, 8_000] : [10_000, 40_000];
  const pids = await Promise.all(clusters.map((managed) => managed.stewardPid()));
  await systemClock.sleep(restMs); // its own start is no idling
  const before = pids.map(usage);
  const begun = performance.now();
  await systemClock.sleep(watchMs);
  const elapsed = performance.now() - begun;
  const after = pids.map(usage);
  const memory = Math.max(...after.map(({ rssBytes }) => rssBytes / MEGABYTE));
  const cpu = Math.max(
    ...after.map(({ cpuMs }, at) => (100 * (cpuMs - (before[at]?.cpuMs ?? NaN))) / elapsed),
  );
  const what = clusters.length === 1 ? "idle, 1 cluster" : `idle, the worst of ${clusters.length} clusters`;
  bench.note(`${what}: ${memory.toFixed(1)} MB, ${cpu.toFixed(2)} % of a core`);
  return [
    figure(name, `${what}: memory`, "MB", [memory], { targets: [{ of: "ours", at: "most", value: 80 }] }),
    figure(name, `${what}: CPU`, "% of a core", [cpu], { targets: [{ of: "ours", at: "most", value: 1 }] }),
  ];
}

function usage(pid: number) {
  const found = usageOf(pid);
  if (found === null) throw new Error(`the steward (pid ${pid}) is gone`);
  return found;
}
