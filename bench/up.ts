import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { unsettled } from "../src/cluster/settled.ts";
import type { Topology } from "../src/topology/model.ts";
import { ByHand, timeUntil, type Server } from "./by-hand.ts";
import { figure, type Figure, type Target } from "./figures.ts";
import { Managed } from "./managed.ts";
import type { Bench } from "./scratch.ts";

/** The alternative may wait for Sentinel's INFO period several times. A turn that takes longer counts as this. */
const CAP_MS = 60_000;
const KEYS = 10_000;

const PHASES = ["up, new", "down", "up, with data"] as const;
type Times = Record<(typeof PHASES)[number], number>;

/** From nothing to "all links up, all Sentinels know every replica and agree", and back. */
export async function up(bench: Bench): Promise<Figure[]> {
  const ours: Times[] = [];
  const theirs: Times[] = [];
  for (let turn = 0; turn < bench.runs; turn++) {
    ours.push(await managedTurn(bench));
    theirs.push(await handTurn(bench));
    bench.note(`turn ${turn + 1}: ${told(ours.at(-1))} | by hand: ${told(theirs.at(-1))}`);
  }
  return PHASES.map((phase) => {
    const targets: Target[] = phase === "down" ? [] : [{ of: "ours", at: "most", value: 5_000 }];
    const other = { what: "by hand, stock settings", samples: theirs.map((times) => times[phase]) };
    return figure(
      "up",
      phase,
      "ms",
      ours.map((times) => times[phase]),
      { other, targets },
    );
  });
}

async function managedTurn(bench: Bench): Promise<Times> {
  const managed = await Managed.create(bench.scratch);
  const fresh = await managed.timed("up");
  await fill(managed.masterPort);
  const down = await managed.timed("down");
  const again = await managed.timed("up");
  await managed.destroy();
  return { "up, new": fresh, down, "up, with data": again };
}

async function handTurn(bench: Bench): Promise<Times> {
  const { topology, dir } = await Managed.create(bench.scratch); // never started: it lends its ports
  const hand = new ByHand(bench.scratch, stockServers(topology, join(dir, "by-hand")));
  const start = async () => {
    hand.start();
    const whole = async () => unsettled(topology, await hand.look(topology)).length === 0;
    return (await timeUntil(CAP_MS, whole)) ?? CAP_MS;
  };
  const fresh = await start();
  await fill(topology.redis.nodes[0].port);
  const begun = performance.now();
  await hand.stop();
  const down = performance.now() - begun;
  const again = await start();
  await hand.stop("SIGKILL");
  return { "up, new": fresh, down, "up, with data": again };
}

/** Static files as guides show them: the same roles and limits, and Redis's own settings for everything else. */
function stockServers(topology: Topology, dir: string): Server[] {
  const [master] = topology.redis.nodes;
  const data = topology.redis.nodes.map((node): Server => {
    const own = join(dir, node.id);
    const lines = [
      "bind 127.0.0.1",
      `port ${node.port}`,
      `dir ${own}`,
      `logfile ${join(own, "log")}`,
      "appendonly yes",
      "appendfsync everysec",
      "maxmemory 256mb",
      "maxmemory-policy allkeys-lru",
      ...(node === master ? [] : [`replicaof 127.0.0.1 ${master.port}`]),
    ];
    return { id: node.id, dir: own, conf: `${lines.join("\n")}\n`, sentinel: false };
  });
  const sentinels = topology.sentinel.nodes.map((node): Server => {
    const own = join(dir, node.id);
    const lines = [
      "bind 127.0.0.1",
      `port ${node.port}`,
      `dir ${own}`,
      `logfile ${join(own, "log")}`,
      `sentinel monitor ${topology.name} 127.0.0.1 ${master.port} 2`,
      `sentinel down-after-milliseconds ${topology.name} 5000`,
      `sentinel failover-timeout ${topology.name} 10000`,
      `sentinel parallel-syncs ${topology.name} 1`,
    ];
    return { id: node.id, dir: own, conf: `${lines.join("\n")}\n`, sentinel: true };
  });
  return [...data, ...sentinels];
}

async function fill(port: number): Promise<void> {
  const args = [
    "-h",
    "127.0.0.1",
    "-p",
    String(port),
    "-n",
    String(KEYS),
    "-r",
    String(KEYS),
    "-d",
    "64",
    "-t",
    "set",
    "-q",
  ];
  await promisify(execFile)("redis-benchmark", args);
}

function told(times: Times | undefined): string {
  return PHASES.map((phase) => `${phase} ${((times?.[phase] ?? NaN) / 1000).toFixed(1)} s`).join(", ");
}
