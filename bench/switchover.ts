import { systemClock, until } from "../src/clock.ts";
import { unsettled } from "../src/cluster/settled.ts";
import { connect } from "../src/redis/client.ts";
import { figure, type Figure } from "./figures.ts";
import { StickyLoad } from "./sticky-load.ts";
import { Managed } from "./managed.ts";
import type { Bench } from "./scratch.ts";

const CLIENTS = 4;
/** Sentinel tells an old master that is alive after some 11 s; by hand one waits for that. ms. */
const WHOLE_DEADLINE_MS = 120_000;
/** A plain failover costs half a minute each, and every one of them loses writes. */
const MOST_PLAIN_TURNS = 5;

interface Turn {
  pausedMs: number;
  gapMs: number;
  acknowledged: number;
  lost: number;
}

/** Moving the master under a writing load, with `vedette switchover` and with SENTINEL FAILOVER as documentation has it. */
export async function switchover(bench: Bench): Promise<Figure[]> {
  const ours = await turns(bench, "switchover", bench.runs, ["up"], planned);
  const plain = Math.min(bench.runs, MOST_PLAIN_TURNS);
  const theirs = await turns(bench, "SENTINEL FAILOVER", plain, ["up", "--no-steward"], bare);
  const other = (samples: number[]) => ({ what: "SENTINEL FAILOVER", samples });
  const of = (all: readonly Turn[], key: keyof Turn) => all.map((turn) => turn[key]);
  return [
    figure("switchover", "writes paused", "ms", of(ours, "pausedMs"), {
      targets: [{ of: "ours", at: "most", value: 300 }],
    }),
    figure("switchover", "longest gap of a client", "ms", of(ours, "gapMs"), {
      other: other(of(theirs, "gapMs")),
    }),
    figure("switchover", `acknowledged writes lost, worst of ${ours.length}`, "writes", [worst(ours)], {
      other: other([worst(theirs)]),
      targets: [{ of: "ours", at: "most", value: 0 }],
    }),
    figure("switchover", "acknowledged writes a turn", "writes", of(ours, "acknowledged"), {
      other: other(of(theirs, "acknowledged")),
    }),
  ];
}

function worst(all: readonly Turn[]): number {
  return Math.max(...all.map(({ lost }) => lost));
}

async function turns(
  bench: Bench,
  name: string,
  count: number,
  up: string[],
  move: (managed: Managed) => Promise<number>,
): Promise<Turn[]> {
  const managed = await Managed.create(bench.scratch);
  await managed.timed(...up);
  const done: Turn[] = [];
  for (let turn = 0; turn < count; turn++) {
    await calm(managed);
    const load = new StickyLoad(managed.topology, `${turn}:`).start(CLIENTS);
    await until(async () => load.acknowledged.length > 500, { deadlineMs: 30_000 });
    const from = performance.now();
    const pausedMs = await move(managed);
    const then = load.acknowledged.length;
    await until(async () => load.acknowledged.length > then + 500, { deadlineMs: 30_000 });
    await load.end();
    const lost = await load.lost();
    const gapMs = load.longestGap(from);
    done.push({ pausedMs, gapMs, acknowledged: load.acknowledged.length, lost });
    bench.note(
      `${name} ${turn + 1}: gap ${Math.round(gapMs)} ms, ${lost} of ${load.acknowledged.length} lost`,
    );
  }
  await managed.destroy();
  return done;
}

/** Whole, and the last move old enough for the next one. */
async function calm(managed: Managed): Promise<void> {
  const { topology } = managed;
  const needed = 4 * topology.sentinel.periods.publish;
  let since = systemClock.monotonic();
  const met = await until(
    async () => {
      const whole = unsettled(topology, await managed.look()).length === 0;
      if (!whole) since = systemClock.monotonic();
      return systemClock.monotonic() - since >= needed;
    },
    { deadlineMs: WHOLE_DEADLINE_MS, everyMs: 100 },
  );
  if (met === null) throw new Error(`the cluster in ${managed.dir} did not become whole`);
}

async function planned(managed: Managed): Promise<number> {
  const { pausedMs } = JSON.parse(await managed.output("switchover", "--yes", "--json")) as {
    pausedMs: number;
  };
  return pausedMs;
}

/** Returns when every Sentinel names another master and the old one has become its replica. */
async function bare(managed: Managed): Promise<number> {
  const { topology } = managed;
  const from = (await managed.look()).master?.node;
  const [{ host, port }] = topology.sentinel.nodes;
  const sentinel = await connect({ host, port, deadlineMs: 1_000 });
  await sentinel.call("SENTINEL", "FAILOVER", topology.name);
  sentinel.close();
  const over = async () => {
    const now = await managed.look();
    return now.master?.node !== from && unsettled(topology, now).length === 0;
  };
  await until(over, { deadlineMs: WHOLE_DEADLINE_MS, everyMs: 100 });
  return 0;
}
