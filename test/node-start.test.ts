import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { systemClock, until } from "../src/clock.ts";
import { currentBoot, identify } from "../src/runtimes/state/identity.ts";
import { statePaths, type StatePaths } from "../src/runtimes/state/paths.ts";
import { startEnv } from "../src/runtimes/local/start-env.ts";
import type { RedisNode, Topology } from "../src/topology/model.ts";
import { seedCluster } from "./kit/cluster.ts";

// Safe start with stubs in the place of Redis: `redis-cli` answers from files, `redis-server` notes its arguments
// and sleeps. The directory's name has what shells and configurations stumble over.

const SCRIPT = resolve("assets/node-start.sh");

const REDIS_CLI = `#!/bin/sh
while [ $# -gt 0 ]; do
  case $1 in
    -h) host=$2; shift 2 ;;
    -p) port=$2; shift 2 ;;
    --no-auth-warning) shift ;;
    *) break ;;
  esac
done
case $* in
  '') cat >/dev/null; cat "$FAKE/$port.sentinel" ;;
  INFO) cat "$FAKE/$port.info" ;;
  *) echo "$host $port $*" >>"$FAKE/asked" ;;
esac
`;

const REDIS_SERVER = `#!/bin/sh
printf '%s\\n' "$@" -- >>"$FAKE/started"
exec sleep 60
`;

interface Opinion {
  /** Port of the master it names. */
  names: number;
  epoch?: number;
  flags?: string;
  id?: string;
}

let dir: string;
let fake: string;
let topology: Topology;
let paths: StatePaths;
let children: ChildProcess[];

beforeEach(() => {
  dir = join(mkdtempSync(join(tmpdir(), "vedette-start-")), `it's "here" $HOME`);
  fake = join(dir, "fake");
  children = [];
  mkdirSync(join(dir, "bin"), { recursive: true });
  mkdirSync(fake);
  stub("redis-cli", REDIS_CLI);
  stub("redis-server", REDIS_SERVER);
  use(seedCluster().topology);
});

afterEach(async () => {
  for (const child of children) {
    try {
      process.kill(-(child.pid ?? NaN), "SIGKILL");
    } catch {
      // ended already
    }
  }
  rmSync(resolve(dir, ".."), { recursive: true, force: true });
});

function stub(name: string, text: string): void {
  writeFileSync(join(dir, "bin", name), text);
  chmodSync(join(dir, "bin", name), 0o755);
}

/** Lays out the state directory of every data node: with data, as the initial configuration makes them. */
function use(wanted: Topology): void {
  topology = { ...wanted, stateDir: join(dir, "state") };
  topology.redis.nodes.forEach((node) => (node.dataDir = join(dir, "data", node.id)));
  paths = statePaths(topology);
  mkdirSync(paths.run, { recursive: true });
  const [first] = topology.redis.nodes;
  for (const node of topology.redis.nodes) {
    mkdirSync(paths.redis(node.id), { recursive: true });
    mkdirSync(join(node.dataDir, "appendonlydir"), { recursive: true });
    writeFileSync(join(node.dataDir, "appendonlydir", "appendonly.aof.1.incr.aof"), "data");
    conf(node.id, node === first ? null : first.port);
    // The Sentinels that it met at its last start.
    keep(node.id, "sentinels", topology.sentinel.nodes.map(({ port }) => `id-${port}\n`).join(""));
  }
}

function conf(id: string, follows: number | null): void {
  const line = follows === null ? "" : `replicaof 127.0.0.1 ${follows}\n`;
  writeFileSync(join(paths.redis(id), "redis.conf"), `port 1\nrequirepass secret\n${line}appendonly yes\n`);
}

function confOf(id: string): string {
  return readFileSync(join(paths.redis(id), "redis.conf"), "utf8");
}

function node(id: string): RedisNode {
  const found = topology.redis.nodes.find((each) => each.id === id);
  if (found === undefined) throw new Error(`no node ${id}`);
  return found;
}

function keep(id: string, file: string, text: string): void {
  writeFileSync(join(paths.redis(id), file), text);
}

/** What the Sentinels say, in their order; null does not answer. */
function sentinels(...opinions: (Opinion | null)[]): void {
  topology.sentinel.nodes.forEach(({ port }, at) => {
    const file = join(fake, `${port}.sentinel`);
    const said = opinions[at] ?? null;
    if (said === null) return rmSync(file, { force: true });
    const { names, epoch = 0, flags = "master", id = `id-${port}` } = said;
    const table = [
      "name",
      "mymaster",
      "ip",
      "127.0.0.1",
      "port",
      "1",
      "runid",
      "",
      "flags",
      flags,
      "config-epoch",
      epoch,
    ];
    return writeFileSync(file, [...table, "127.0.0.1", names, id, ""].join("\n"));
  });
}

function info(id: string, lines: string[]): void {
  writeFileSync(join(fake, `${node(id).port}.info`), [...lines, ""].join("\r\n"));
}

function empty(id: string): void {
  rmSync(node(id).dataDir, { recursive: true });
  mkdirSync(node(id).dataDir);
}

const EMPTY_REPLICA = ["loading:0", "role:slave", "slave_priority:0"];

function launch(id: string, env: Record<string, string> = {}): ChildProcess {
  const binaries = { server: join(dir, "bin", "redis-server"), cli: join(dir, "bin", "redis-cli") };
  keep(id, "start.env", startEnv(topology, node(id), paths, binaries));
  const child = spawn("sh", [SCRIPT, paths.redis(id)], {
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
    env: { PATH: `${join(dir, "bin")}:${process.env["PATH"]}`, FAKE: fake, ...env },
  });
  children.push(child);
  return child;
}

/** Arguments of every start of the server. */
function starts(): string[][] {
  const file = join(fake, "started");
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("--\n")
    .slice(0, -1)
    .map((each) => each.trimEnd().split("\n"));
}

function asked(): string {
  return existsSync(join(fake, "asked")) ? readFileSync(join(fake, "asked"), "utf8") : "";
}

/** How a start goes: the server's arguments behind the configuration, or why it waits. */
async function start(id: string): Promise<string> {
  launch(id);
  const outcome = await until(async () => startedWith() ?? reason(id), { deadlineMs: 10_000, everyMs: 10 });
  return outcome ?? "nothing happened";
}

function startedWith(): string | null {
  const last = starts().at(-1);
  return last === undefined ? null : last.slice(1).join(" ");
}

function reason(id: string): string | null {
  return existsSync(paths.wait(id)) ? `waits: ${readFileSync(paths.wait(id), "utf8").trim()}` : null;
}

/** Starts the first Sentinel with this configuration and returns what it finds when it runs. */
async function startSentinel(confText: string): Promise<string> {
  const [sentinel] = topology.sentinel.nodes;
  const home = paths.sentinel(sentinel.id);
  const binaries = { server: join(dir, "bin", "redis-server"), cli: join(dir, "bin", "redis-cli") };
  mkdirSync(home, { recursive: true });
  writeFileSync(join(home, "sentinel.conf"), confText, { mode: 0o600 });
  writeFileSync(join(home, "start.env"), startEnv(topology, sentinel, paths, binaries));
  const child = spawn("sh", [SCRIPT, home], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env["PATH"], FAKE: fake },
  });
  children.push(child);
  expect(await until(async () => startedWith(), { deadlineMs: 10_000, everyMs: 10 })).toBe("--sentinel");
  return readFileSync(join(home, "sentinel.conf"), "utf8");
}

const FENCED = "--replica-priority 100 --min-replicas-to-write 1000 --min-replicas-max-lag 10";
const REPLICA = "--replica-priority 0 --min-replicas-to-write 0 --min-replicas-max-lag 10";
const MASTER = 6379;
const [SELF, OTHER] = [{ names: 6379 }, { names: 6380 }];

describe("what a node starts as", () => {
  it("is master behind the fence when a majority names it", async () => {
    sentinels(SELF, null, SELF);
    expect(await start("redis-master")).toBe(FENCED);
    expect(starts()[0]?.[0]).toBe(join(paths.redis("redis-master"), "redis.conf"));
    expect(confOf("redis-master")).not.toContain("replicaof");
    expect(reason("redis-master")).toBeNull();
  });

  it("is a replica, not to be promoted, of another that a majority names", async () => {
    sentinels({ ...OTHER, epoch: 3 }, { ...OTHER, epoch: 3 }, null);
    expect(await start("redis-master")).toBe(REPLICA);
    expect(confOf("redis-master")).toBe(
      "port 1\nrequirepass secret\nappendonly yes\nreplicaof 127.0.0.1 6380\n",
    );
  });

  it("replaces whom it followed before", async () => {
    sentinels({ ...OTHER, epoch: 3 }, { ...OTHER, epoch: 3 }, null);
    await start("redis-slave-2");
    expect(confOf("redis-slave-2").match(/replicaof .*/g)).toEqual(["replicaof 127.0.0.1 6380"]);
  });

  it("keeps a configuration with a password to its owner", async () => {
    sentinels(SELF, SELF, SELF);
    await start("redis-master");
    expect(statSync(join(paths.redis("redis-master"), "redis.conf")).mode & 0o077).toBe(0);
  });

  it("follows the highest epoch, whoever answers first", async () => {
    sentinels({ ...SELF, epoch: 1 }, { ...OTHER, epoch: 2 }, { ...OTHER, epoch: 2 });
    expect(await start("redis-master")).toBe(REPLICA);
  });

  it("goes with the majority when one Sentinel says otherwise at the same epoch", async () => {
    sentinels(SELF, OTHER, OTHER);
    expect(await start("redis-master")).toBe(REPLICA);
  });

  it("works with one Sentinel and no replica", async () => {
    const { topology } = seedCluster();
    const [first] = topology.redis.nodes;
    const [sentinel] = topology.sentinel.nodes;
    use({ ...topology, redis: { nodes: [first] }, sentinel: { ...topology.sentinel, nodes: [sentinel] } });
    sentinels(SELF);
    expect(await start("redis-master")).toBe(FENCED);
  });

  it("needs three of five Sentinels", async () => {
    use(seedCluster().sentinels(2).topology);
    sentinels(SELF, SELF, null, null, null);
    expect(await start("redis-master")).toBe(
      "waits: only 2 of 5 Sentinels answer, and 3 must name the master",
    );
    sentinels(SELF, SELF, null, null, SELF);
    await until(async () => startedWith(), { deadlineMs: 5_000 });
    expect(startedWith()).toBe(FENCED);
  });
});

describe("a node waits", () => {
  it.each<[string, () => void, RegExp]>([
    ["without Sentinels", () => sentinels(), /^waits: only 0 of 3 Sentinels answer, and 2 must/],
    ["with a minority of them", () => sentinels(SELF), /^waits: only 1 of 3/],
    ["while they disagree", () => sentinels(SELF, OTHER), /do not agree .*1 of 3 name/],
    [
      "when only one knows the highest epoch",
      () => sentinels({ ...SELF, epoch: 4 }, SELF, SELF),
      /do not agree .*config epoch 4: 1 of 3/,
    ],
    [
      "during a failover",
      () => sentinels(SELF, { ...SELF, flags: "master,failover_in_progress" }, SELF),
      /a failover is in progress/,
    ],
    ["when held", () => hold(60), /held back from starting as master: a failover is asked for/],
    [
      "when it followed another",
      () => conf("redis-master", 6381),
      /by its own record it followed 127.0.0.1 6381/,
    ],
    [
      "when it lived through a later epoch",
      () => keep("redis-master", "started", "2 master \n"),
      /epoch 0, but this node has lived through epoch 2/,
    ],
    [
      "when it was reconfigured after a later epoch",
      () => keep("redis-master", "started", "0 replica 127.0.0.1 6380\n"),
      /lived through epoch 1/,
    ],
    [
      "with an empty directory while a peer has keys",
      () => {
        empty("redis-master");
        info("redis-slave-3", [
          "loading:0",
          "role:slave",
          "slave_priority:0",
          "db0:keys=3,expires=0",
          "db7:keys=4,expires=1",
        ]);
      },
      /empty while redis-slave-3 holds 7 keys/,
    ],
    [
      "with an empty directory after a failover",
      () => {
        empty("redis-master");
        const known = { ...SELF, epoch: 1 };
        sentinels(known, known, known);
      },
      /empty although config epoch 1/,
    ],
    [
      "with an empty directory until all peers have said the same",
      () => {
        empty("redis-master");
        info("redis-slave-1", EMPTY_REPLICA);
        info("redis-slave-2", ["loading:1", "role:slave"]);
      },
      /2 of 3 other nodes have not said yet/,
    ],
    [
      "when its data is in a file that Redis would not read",
      () => {
        empty("redis-master");
        writeFileSync(join(node("redis-master").dataDir, "dump.rdb"), "REDIS0010");
        for (const id of ["redis-slave-1", "redis-slave-2", "redis-slave-3"]) info(id, EMPTY_REPLICA);
      },
      /its data is in dump.rdb alone/,
    ],
    [
      "before Sentinels it has never met that know of no failover, until a majority of the nodes is up",
      () => {
        keep("redis-master", "sentinels", "");
        info("redis-slave-1", EMPTY_REPLICA);
      },
      /not the ones this node knew, and only 1 of 3 other nodes/,
    ],
  ])("%s", async (_, given, why) => {
    sentinels(SELF, SELF, SELF);
    given();
    expect(await start("redis-master")).toMatch(why);
    expect(starts()).toEqual([]);
  });

  it("and goes on as soon as the reason is gone", async () => {
    sentinels(SELF);
    await start("redis-master");
    sentinels(SELF, SELF);
    expect(await until(async () => startedWith(), { deadlineMs: 5_000 })).toBe(FENCED);
    expect(reason("redis-master")).toBeNull();
  });

  it("until a hold has expired", async () => {
    sentinels(SELF, SELF, SELF);
    hold(-1);
    expect(await start("redis-master")).toBe(FENCED);
  });

  it("rather than start in its old role when its new one cannot be written down", async () => {
    stub(
      "mv",
      `#!/bin/sh\nfor last; do :; done\ncase $last in *redis.conf) exit 1 ;; esac\nexec /bin/mv "$@"\n`,
    );
    const said = { ...OTHER, epoch: 1 };
    sentinels(said, said, said);
    expect(await start("redis-master")).toMatch(/cannot write its records/);
    expect(starts()).toEqual([]);
  });

  function hold(seconds: number): void {
    writeFileSync(
      paths.hold("redis-master"),
      `${Math.floor(Date.now() / 1000) + seconds} a failover is asked for\n`,
    );
  }
});

describe("a node without an append-only file", () => {
  beforeEach(() => {
    const { topology } = seedCluster();
    topology.redis.nodes.forEach((each) => (each.appendOnly = false));
    use(topology);
    writeFileSync(join(node("redis-master").dataDir, "dump.rdb"), "REDIS0010");
    info("redis-slave-1", ["loading:0", "role:slave", "slave_priority:100", "db0:keys=1,expires=0"]);
    sentinels(SELF, SELF, SELF);
  });

  it("leaves the decision to the Sentinels after a crash", async () => {
    expect(await start("redis-master")).toMatch(
      /did not stop cleanly, so redis-slave-1 may hold newer writes/,
    );
  });

  it("comes back as master after a clean stop, once", async () => {
    keep("redis-master", "clean-stop", "");
    expect(await start("redis-master")).toBe(FENCED);
    expect(existsSync(join(paths.redis("redis-master"), "clean-stop"))).toBe(false);
  });
});

describe("--force-master", () => {
  it("starts without asking anybody, once, and unfenced", async () => {
    writeFileSync(paths.force("redis-slave-1"), "");
    sentinels();
    keep("redis-slave-1", "started", "3 replica 127.0.0.1 6379\n");
    expect(await start("redis-slave-1")).toBe(
      "--replica-priority 100 --min-replicas-to-write 0 --min-replicas-max-lag 10",
    );
    expect(confOf("redis-slave-1")).not.toContain("replicaof");
    expect(existsSync(paths.force("redis-slave-1"))).toBe(false);
  });

  it("does not lock out the node when the Sentinels turn it back into a replica", async () => {
    writeFileSync(paths.force("redis-slave-1"), "");
    const said = { names: MASTER, epoch: 3 };
    sentinels(said, said, said);
    await start("redis-slave-1");
    conf("redis-slave-1", MASTER); // CONFIG REWRITE after Sentinel's REPLICAOF
    await end();
    rmSync(join(fake, "started"));
    expect(await start("redis-slave-1")).toBe(REPLICA);
  });
});

describe("in a container", () => {
  const outcome = (id: string) =>
    until(async () => startedWith() ?? reason(id), { deadlineMs: 10_000, everyMs: 10 });
  const template = () => join(dir, "template.conf");

  it("gives a steward time to hold it back, before it becomes master again", async () => {
    // The hold comes in the very moment that the script leaves for it.
    const held = `${Math.floor(Date.now() / 1000) + 60} a failover is asked for`;
    stub(
      "sleep",
      `#!/bin/sh\n[ "$1" != 0.55 ] || { echo '${held}' >"$HELD"; exit 0; }\nexec /bin/sleep "$@"\n`,
    );
    sentinels(SELF, SELF, SELF);
    launch("redis-master", { RESTART_GRACE: "0.55", HELD: paths.hold("redis-master") });
    expect(await outcome("redis-master")).toMatch(/held back from starting as master/);
    rmSync(paths.hold("redis-master"));
    expect(await until(async () => startedWith(), { deadlineMs: 5_000 })).toBe(FENCED);
  });

  it("keeps the fence up while it is held, if the hold came too late for the start", async () => {
    sentinels(SELF, SELF, SELF);
    info("redis-master", ["loading:0", "role:master"]);
    writeFileSync(paths.hold("redis-master"), "0 none\n");
    await start("redis-master");
    writeFileSync(
      paths.hold("redis-master"),
      `${Math.floor(Date.now() / 1000) + 60} a failover is asked for\n`,
    );
    await systemClock.sleep(2_000); // allow-sleep: nothing may happen in this window
    expect(asked()).toBe("");
    rmSync(paths.hold("redis-master"));
    expect(
      await until(async () => asked().includes("min-replicas-to-write"), { deadlineMs: 8_000 }),
    ).not.toBeNull();
  });

  it("makes its working copy at its first start, with the password, for nobody else to read", async () => {
    writeFileSync(template(), "port 6380\nreplicaof 127.0.0.1 6379\n");
    const secret = join(dir, "secret");
    writeFileSync(secret, "pass");
    rmSync(join(paths.redis("redis-slave-1"), "redis.conf"));
    sentinels(SELF, SELF, SELF);
    launch("redis-slave-1", { TEMPLATE: template(), SECRET_FILE: secret });
    expect(await outcome("redis-slave-1")).toBe(REPLICA);
    expect(confOf("redis-slave-1")).toBe(
      "port 6380\nrequirepass pass\nmasterauth pass\nreplicaof 127.0.0.1 6379\n",
    );
    const file = join(paths.redis("redis-slave-1"), "redis.conf");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readFileSync(`${file}.rendered`, "utf8")).toContain("masterauth pass\n");
  });

  it("leaves a working copy that is there alone", async () => {
    writeFileSync(template(), "port 7\n");
    sentinels(SELF, SELF, SELF);
    launch("redis-slave-1", { TEMPLATE: template() });
    expect(await outcome("redis-slave-1")).toBe(REPLICA);
    expect(confOf("redis-slave-1")).toContain("appendonly yes\n");
  });

  it("says what it cannot read", async () => {
    rmSync(join(paths.redis("redis-slave-1"), "redis.conf"));
    const child = launch("redis-slave-1", { TEMPLATE: join(dir, "nowhere.conf") });
    const said = child.stdout?.setEncoding("utf8").toArray();
    await once(child, "exit");
    expect(child.exitCode).toBe(1);
    expect(String(await said)).toMatch(/cannot read .*nowhere\.conf: user \d+ needs to read it/);
  });
});

describe("after the start", () => {
  it("lifts the fence only after six calm looks", async () => {
    const down = { ...SELF, flags: "master,s_down" };
    sentinels(SELF, down, down);
    info("redis-master", ["loading:0", "role:master"]);
    await start("redis-master");
    await systemClock.sleep(1_500); // allow-sleep: nothing may happen in this window
    expect(asked()).toBe("");
    sentinels(SELF, down, SELF); // one that cannot reach the master begins no failover
    const calm = performance.now();
    await until(async () => asked().includes("min-replicas-to-write"), { deadlineMs: 8_000 });
    expect(performance.now() - calm).toBeGreaterThan(1_000);
    expect(asked()).toBe(
      "127.0.0.1 6379 CONFIG SET min-replicas-max-lag 10\n127.0.0.1 6379 CONFIG SET min-replicas-to-write 0\n",
    );
  });

  it("turns a fenced node into a replica when the Sentinels have moved on", async () => {
    sentinels(SELF, SELF, SELF);
    await start("redis-master");
    const said = { ...OTHER, epoch: 1 };
    sentinels(said, said, null);
    info("redis-master", ["loading:0", "role:master"]);
    await until(async () => asked().includes("CONFIG REWRITE"), { deadlineMs: 8_000 });
    expect(asked()).toMatch(
      /^127.0.0.1 6379 REPLICAOF 127.0.0.1 6380\n127.0.0.1 6379 CONFIG SET replica-priority 0\n/,
    );
    expect(asked()).not.toContain("min-replicas");
  });

  it("gives a replica its priority after its sync, not before", async () => {
    sentinels(SELF, SELF, SELF);
    const syncing = ["loading:0", "role:slave", "master_link_status:up", "master_sync_in_progress:1"];
    info("redis-slave-1", syncing);
    await start("redis-slave-1");
    await systemClock.sleep(700); // allow-sleep: nothing may happen in this window
    expect(asked()).toBe("");
    info("redis-slave-1", syncing.with(3, "master_sync_in_progress:0"));
    await until(async () => asked().includes("replica-priority"), { deadlineMs: 8_000 });
    expect(asked()).toContain("127.0.0.1 6380 CONFIG SET replica-priority 100\n");
  });

  it("leaves the server no child to wait for", async () => {
    sentinels(SELF, SELF, SELF);
    await start("redis-master");
    expect(childrenOf(children[0]?.pid ?? 0)).toEqual([]);
  });
});

describe("one process a node", () => {
  beforeEach(() => sentinels(SELF, SELF, SELF));

  it.each<[string, () => string]>([
    ["a dead process", () => `${spawnSync("true").pid} 1 ${currentBoot()}`],
    ["a process that has the pid now", () => `${process.pid} 1 ${currentBoot()}`],
    ["another boot", () => `${process.pid} ${identify(process.pid)?.start} 0-0-0`],
    ["a disk that was full", () => ""],
  ])("is not kept from starting by the pid file of %s", async (_, content) => {
    writeFileSync(paths.pid("redis-master"), `${content()}\n`);
    expect(await start("redis-master")).toBe(FENCED);
    const [pid, started] = readFileSync(paths.pid("redis-master"), "utf8").split(" ");
    expect(Number(pid)).toBe(children[0]?.pid);
    expect(started).toBe(identify(Number(pid))?.start);
  });

  it.runIf(process.platform === "linux")("takes a zombie for dead", async () => {
    const parent = spawn("sh", ["-c", "sleep 0 & exec sleep 60"], { detached: true });
    children.push(parent);
    const zombie = await until(
      async () => childrenOf(parent.pid ?? 0).find((pid) => statOf(pid)[0] === "Z"),
      { deadlineMs: 5_000 },
    );
    writeFileSync(paths.pid("redis-master"), `${zombie} ${statOf(zombie ?? 0)[19]} ${currentBoot()}\n`);
    expect(await start("redis-master")).toBe(FENCED);
  });

  it("leaves a living one alone", async () => {
    const held = `${process.pid} ${identify(process.pid)?.start} ${currentBoot()}\n`;
    writeFileSync(paths.pid("redis-master"), held);
    const [code] = await once(launch("redis-master"), "exit");
    expect(code).toBe(0);
    expect(starts()).toEqual([]);
    expect(readFileSync(paths.pid("redis-master"), "utf8")).toBe(held);
  });

  it.each([
    ["to clear a dead pid file away", "rm", '"-f "*.pid'],
    ["between seeing that it is dead and clearing it away", "ln", "*.clear"],
  ])("of several starters one wins, also when one is slow %s", async (_, tool, slowly) => {
    const real = `exec /bin/${tool} "$@"`;
    stub(tool, `#!/bin/sh\ncase $* in ${slowly}) [ -z "$SLOW" ] || sleep 0.5 ;; esac\n${real}\n`);
    writeFileSync(paths.pid("redis-master"), `${process.pid} 1 ${currentBoot()}\n`);
    const slow = launch("redis-master", { SLOW: "yes" });
    // Time for it to see that the file is dead, and not enough to remove it.
    await systemClock.sleep(250); // allow-sleep: it has no sign to give before it is done
    const others = [launch("redis-master"), launch("redis-master"), launch("redis-master")];
    const all = [slow, ...others];
    const ended = () => all.filter((each) => each.exitCode !== null).length;
    await until(async () => ended() === 3 && starts().length > 0, { deadlineMs: 8_000 });
    expect(ended()).toBe(3);
    expect(starts()).toHaveLength(1);
    const winner = all.find((each) => each.exitCode === null)?.pid;
    expect(readFileSync(paths.pid("redis-master"), "utf8")).toMatch(new RegExp(`^${winner} `));
  });

  it("fails at once where it cannot write its pid file", async () => {
    rmSync(paths.run, { recursive: true });
    const [code] = await once(launch("redis-master"), "exit");
    expect(code).toBe(1);
  });
});

async function end(): Promise<void> {
  for (const child of children) {
    process.kill(-(child.pid ?? NaN), "SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  }
  children = [];
}

function childrenOf(parent: number): number[] {
  const table = spawnSync("ps", ["-A", "-o", "ppid=,pid="], { encoding: "utf8" }).stdout.trim().split("\n");
  return table
    .map((row) => row.trim().split(/\s+/).map(Number))
    .flatMap(([ppid, pid]) => (ppid === parent && pid ? [pid] : []));
}

/** The fields of /proc/PID/stat behind the command. */
function statOf(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
}

describe("a Sentinel", () => {
  const MONITOR = "sentinel monitor mymaster 127.0.0.1 6379 2\n";
  const downAfter = (ms: number, name = "mymaster") =>
    `sentinel down-after-milliseconds ${name} ${ms}\nsentinel failover-timeout ${name} 4000\n`;
  const REST = "sentinel myid 0123\nuser default on nopass\n";

  it.each([
    ["too short for the periods it starts with", downAfter(1000), downAfter(1500)],
    ["short enough as it is", downAfter(1500), downAfter(1500)],
    ["raised by a pause", downAfter(1_800_000), downAfter(1_800_000)],
    ["of another master, which is not ours to set", downAfter(300, "other"), downAfter(300, "other")],
    ["not written at all", "", ""],
  ])("starts with a down-after that is safe: one that is %s", async (_, before, after) => {
    topology.sentinel.startDownAfterMs = 1500;
    expect(await startSentinel(MONITOR + before + REST)).toBe(MONITOR + after + REST);
    const [sentinel] = topology.sentinel.nodes;
    expect(statSync(join(paths.sentinel(sentinel.id), "sentinel.conf")).mode & 0o777).toBe(0o600);
  });

  it("does not start when its configuration cannot be made safe", async () => {
    const [sentinel] = topology.sentinel.nodes;
    const home = paths.sentinel(sentinel.id);
    mkdirSync(home, { recursive: true });
    const binaries = { server: join(dir, "bin", "redis-server"), cli: join(dir, "bin", "redis-cli") };
    writeFileSync(join(home, "start.env"), startEnv(topology, sentinel, paths, binaries));
    const ended = spawnSync("sh", [SCRIPT, home], {
      encoding: "utf8",
      env: { PATH: process.env["PATH"], FAKE: fake },
    });
    expect(ended.status).toBe(1);
    expect(ended.stdout).toContain("cannot read or write");
    expect(starts()).toEqual([]);
  });
});
