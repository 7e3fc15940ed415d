import { execFileSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import { vedette, vedetteRunning } from "../kit/cli.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

const PASSWORD = "correct-horse-battery-staple";
let cluster: LiveCluster;
let secrets: string;
const run = (...args: string[]) => vedette(cluster.dir, ...args);

/** What these tests read of the commands' JSON. */
interface Json {
  nodes: { node: string; role: string | null; info: Record<string, Record<string, string>> }[];
  processes: {
    node: string;
    pid: number;
    state: string;
    wanted: boolean;
    rssBytes: number;
    uptimeSeconds: number;
  }[];
  config: unknown[];
  time: string | null;
  node: string;
  message: string;
  slowlogLogSlowerThanMicroseconds: number;
  latencyMonitorThresholdMilliseconds: number;
  milliseconds: number;
  restarted: boolean;
}
const parsed = (text: string): Json => JSON.parse(text) as Json;

/** One cluster for all, with a password: every command has to do its work in its presence. */
beforeAll(async () => {
  secrets = mkdtempSync(join(tmpdir(), "vedette-secret-"));
  const file = join(secrets, "secret");
  writeFileSync(file, `${PASSWORD}\n`, { mode: 0o600 });
  cluster = await LiveCluster.create(`security: { passwordFile: ${file} }\n`);
  const up = run("up");
  expect(up.code, up.err).toBe(0);
});
afterAll(async () => {
  await cluster.destroy();
  rmSync(secrets, { recursive: true, force: true });
});

/** A command that goes on: its lines as they come. */
class Watching {
  readonly lines: string[] = [];
  private readonly child;
  private errors = "";
  private ended = false;

  constructor(...args: string[]) {
    this.child = vedetteRunning(cluster.dir, ...args);
    this.child.once("exit", () => (this.ended = true));
    this.child.stderr?.on("data", (chunk: Buffer) => (this.errors += chunk.toString()));
    if (this.child.stdout)
      createInterface({ input: this.child.stdout }).on("line", (line) => this.lines.push(line));
    open.push(this);
  }

  async line(what: string | RegExp, deadlineMs = 10_000): Promise<string> {
    const found = await until(
      async () =>
        this.lines.find((line) => (typeof what === "string" ? line.includes(what) : what.test(line))),
      { deadlineMs },
    );
    if (!found) throw new Error(`no line ${what} in:\n${this.lines.join("\n")}\n${this.errors}`);
    return found;
  }

  count(what: string): number {
    return this.lines.filter((line) => line.includes(what)).length;
  }

  /** Ctrl-C; the exit code. */
  async interrupt(): Promise<number | null> {
    if (this.ended) return this.child.exitCode;
    const exit = once(this.child, "exit");
    this.child.kill("SIGINT");
    await exit;
    return this.child.exitCode;
  }
}

const open: Watching[] = [];
afterEach(async () => {
  for (const each of open.splice(0)) await each.interrupt();
});

describe("info", () => {
  it("gives every node with the role it has now, Sentinels included", () => {
    const { nodes } = parsed(run("info", "--section", "replication", "--json").out);
    expect(nodes.map(({ node, role }) => [node, role])).toEqual([
      ["redis-master", "master"],
      ["redis-slave-1", "replica"],
      ["redis-slave-2", "replica"],
      ["redis-slave-3", "replica"],
      ["redis-sentinel-1", "sentinel"],
      ["redis-sentinel-2", "sentinel"],
      ["redis-sentinel-3", "sentinel"],
    ]);
    expect(nodes[0]?.info["replication"]?.["connected_slaves"]).toBe("3");
  });

  it("gives one node and one section, and knows an empty section from none", () => {
    const one = run("info", "redis-sentinel-2", "--section", "sentinel");
    expect(one.out).toMatch(/^=== redis-sentinel-2 {2}sentinel now.*\n# sentinel\nsentinel_masters:1\n/);
    expect(run("info", "redis-master", "--section", "keyspace")).toMatchObject({ code: 0 });
    expect(run("info", "redis-master", "--section", "nonsense")).toMatchObject({ code: 1 });
  });
});

describe("ps", () => {
  it("knows every process by what the kernel says of it", () => {
    const { processes } = parsed(run("ps", "--json").out);
    expect(processes).toHaveLength(8);
    for (const { node, pid, state, wanted, rssBytes, uptimeSeconds } of processes) {
      expect({ node, state, wanted }).toEqual({ node, state: "running", wanted: true });
      expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).toMatch(
        node === "steward" ? /steward\.js/ : /redis-server/,
      );
      expect(rssBytes).toBeGreaterThan(1_000_000);
      expect(uptimeSeconds).toBeLessThan(600);
    }
  });
});

describe("logs", () => {
  it("are merged by time over all nodes and the steward, as JSON for shippers", () => {
    const all = run("logs", "--json", "-n", "all").out.trimEnd().split("\n").map(parsed);
    const times = all.flatMap(({ time }) => (time === null ? [] : [Date.parse(time)]));
    // A line of the start script has whole seconds and stands behind those of its node.
    for (const [i, time] of times.entries()) expect(time - (times[i + 1] ?? Infinity)).toBeLessThan(1000);
    expect(new Set(all.map(({ node }) => node)).size).toBe(8);
    expect(all.find(({ message }) => message === "Ready to accept connections")).toMatchObject({
      level: "notice",
      pid: expect.any(Number),
    });
    expect(run("logs", "-n", "3").out.trimEnd().split("\n")).toHaveLength(3);
    expect(run("logs", "redis-sentinel-1", "-n", "all").out).toMatch(/^(redis-sentinel-1 .*\n)+$/);
  });

  it("of a node that there is not list those there are", () => {
    const { code, err } = run("logs", "redis-slave-9");
    expect(code).toBe(1);
    expect(err).toContain("redis-slave-3, redis-sentinel-1, redis-sentinel-2, redis-sentinel-3, steward");
  });

  it("are followed over a rotation, without a line lost or twice, until Ctrl-C", async () => {
    const log = join(cluster.topology.stateDir, "log", "redis-slave-3.log");
    const following = new Watching("logs", "-F", "-n", "1", "redis-slave-3", "steward");
    await following.line(/./);
    const say = (text: string) => appendFileSync(log, `1:S 23 Nov 2026 09:02:05.123 * ${text}\n`);
    say("before the rotation");
    await following.line("before the rotation");
    say("unread at the rotation");
    renameSync(log, `${log}.1`);
    appendFileSync(`${log}.1`, "1:S 23 Nov 2026 09:02:05.123 * written to the old one\n");
    await following.line("written to the old one");
    say("after the rotation");
    await following.line("after the rotation");
    for (const text of ["before the", "unread at", "written to", "after the"])
      expect(following.count(text), text).toBe(1);
    expect(await following.interrupt()).toBe(0);
  });
});

describe("connect", () => {
  it("goes to the node that the Sentinels name, and says so on stderr alone", () => {
    expect(run("connect-master", "--", "SET", "who", "master")).toMatchObject({ code: 0, out: "OK\n" });
    const { out, err } = run("connect", "--role", "master", "--", "GET", "who");
    expect(out).toBe("master\n");
    expect(err).toMatch(/^redis-master is master now, at 127\.0\.0\.1:\d+\n$/);
  });

  it("goes to a replica, a node, a Sentinel, by any of their names", async () => {
    expect(run("connect", "--role", "replica", "--", "ROLE").out).toMatch(/^slave\n/);
    expect(run("connect-slave-2", "--", "ROLE").err).toMatch(
      /^redis-slave-2 is a replica now of redis-master \(\d+ bytes behind\)/,
    );
    const sentinel = run(
      "connect-sentinel-3",
      "--",
      "SENTINEL",
      "GET-MASTER-ADDR-BY-NAME",
      cluster.topology.name,
    );
    expect(sentinel.out).toBe(`127.0.0.1\n${cluster.topology.redis.nodes[0].port}\n`);
    expect(sentinel.err).toContain("names redis-master as master");
  });

  it("passes redis-cli's exit code on, and refuses what it cannot know", () => {
    expect(run("connect-master", "--", "-e", "NONSENSE").code).toBe(1);
    expect(run("connect-master", "--", "-e", "PING").code).toBe(0);
    expect(run("connect")).toMatchObject({ code: 2, err: expect.stringContaining("redis-slave-1") });
    expect(run("connect", "redis-master", "--role", "replica").code).toBe(2);
    expect(run("connect", "redis-slave-9").code).toBe(1);
  });

  it("never shows the password in an argument list", async () => {
    const blocked = new Watching("connect-master", "--", "BLPOP", "a-queue-for-this-test", "20");
    const lists = await until(
      async () => {
        const all = readdirSync("/proc")
          .filter((name) => /^\d+$/.test(name))
          .map(argumentsOf);
        return all.some((list) => /redis-cli.*a-queue-for-this-test/.test(list)) ? all : null;
      },
      { deadlineMs: 10_000 },
    );
    expect(lists).not.toBeNull();
    expect(lists?.filter((list) => list.includes(PASSWORD))).toEqual([]);
    run("connect-master", "--", "LPUSH", "a-queue-for-this-test", "done");
    await blocked.line("done");
  });
});

function argumentsOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ");
  } catch {
    return ""; // it ended meanwhile
  }
}

describe("monitor", () => {
  const SLOW = "local x = 0 for i = 1, 4000000 do x = x + i end return x";

  it("shows a slow command once, and goes on after the node's death", async () => {
    run("connect", "redis-slave-2", "--", "EVAL", SLOW, "0"); // old news
    const watching = new Watching("monitor", "--json");
    for (const node of cluster.redis()) {
      const notes = parsed(await watching.line(new RegExp(`"node":"${node}","kind":"thresholds"`)));
      expect(notes.slowlogLogSlowerThanMicroseconds).toBe(10_000);
    }
    run("connect", "redis-slave-1", "--", "EVAL", SLOW, "0");
    const slow = parsed(await watching.line('"kind":"slow"'));
    expect(slow).toMatchObject({ node: "redis-slave-1", command: ["EVAL", SLOW, "0"] });
    expect(slow.milliseconds).toBeGreaterThan(10);

    await cluster.kill("redis-slave-1"); // the steward brings it back
    await watching.line(/"node":"redis-slave-1","kind":"lost"/);
    expect(parsed(await watching.line(/"node":"redis-slave-1","kind":"back"/, 30_000)).restarted).toBe(true);
    const before = watching.count('"kind":"slow"');
    run("connect", "redis-slave-1", "--", "EVAL", `${SLOW} + 1`, "0");
    await watching.line(" + 1");
    expect(before).toBe(1);
    expect(watching.count('"kind":"slow"')).toBe(2);
    expect(await watching.interrupt()).toBe(0);
  });

  it("shows latency events from the threshold on", async () => {
    run("connect", "redis-slave-3", "--", "CONFIG", "SET", "latency-monitor-threshold", "5");
    const watching = new Watching("monitor", "redis-slave-3", "--json");
    expect(parsed(await watching.line("thresholds")).latencyMonitorThresholdMilliseconds).toBe(5);
    run("connect", "redis-slave-3", "--", "EVAL", SLOW, "0");
    expect(parsed(await watching.line('"kind":"latency"'))).toMatchObject({
      node: "redis-slave-3",
      event: expect.stringMatching(/command/),
    });
  });

  it("does not show its own questions, even when every command counts as slow", async () => {
    run("connect", "redis-slave-3", "--", "CONFIG", "SET", "slowlog-log-slower-than", "0");
    const watching = new Watching("monitor", "redis-slave-3", "--json");
    await watching.line("thresholds");
    for (const key of ["first", "second", "third"]) {
      run("connect", "redis-slave-3", "--", "GET", key);
      await watching.line(key);
    }
    expect(watching.count('"SLOWLOG"')).toBe(0);
    run("connect", "redis-slave-3", "--", "CONFIG", "SET", "slowlog-log-slower-than", "10000");
  });

  it("shows every command of one node with --raw, also after its death", async () => {
    expect(run("monitor", "--raw")).toMatchObject({ code: 2, err: expect.stringContaining("of which node") });
    expect(run("monitor", "redis-sentinel-1").code).toBe(2);
    const watching = new Watching("monitor", "--raw", "redis-slave-3", "--json");
    await watching.line('"kind":"command"');
    run("connect", "redis-slave-3", "--", "GET", 'a "strange" key');
    expect(parsed(await watching.line("strange"))).toMatchObject({
      database: 0,
      command: ["GET", 'a "strange" key'],
    });
    await cluster.kill("redis-slave-3");
    await watching.line('"kind":"lost"');
    await watching.line('"kind":"back"', 30_000);
    run("connect", "redis-slave-3", "--", "GET", "afterwards");
    await watching.line("afterwards");
    expect(await watching.interrupt()).toBe(0);
  });
});

describe("a node that is down", () => {
  it("is told by ps, info and connect, and its log can be followed from birth", async () => {
    expect(run("stop", "redis-slave-2").code).toBe(0);
    expect(
      parsed(run("ps", "--json").out).processes.find(({ node }) => node === "redis-slave-2"),
    ).toMatchObject({
      state: "stopped",
      pid: null,
      wanted: false,
    });
    expect(run("info", "redis-slave-2")).toMatchObject({
      code: 1,
      out: expect.stringContaining("no answer"),
    });
    expect(run("connect-slave-2")).toMatchObject({
      code: 1,
      err: expect.stringContaining("vedette start redis-slave-2"),
    });
    renameSync(
      join(cluster.topology.stateDir, "log", "redis-slave-2.log"),
      join(cluster.dir, "elsewhere.log"),
    );
    const following = new Watching("logs", "-F", "redis-slave-2");
    expect(run("start", "redis-slave-2").code).toBe(0);
    await following.line("starts as a replica");
    await following.line("Ready to accept connections");
    expect(await following.interrupt()).toBe(0);
  });
});

describe("configuration", () => {
  const place = (name: string) => {
    const dir = join(cluster.dir, name);
    mkdirSync(dir);
    return dir;
  };

  it("init, validate, render: from nothing to files, and never over what is there", () => {
    const dir = place("fresh");
    expect(vedette(dir, "init")).toMatchObject({ code: 0, out: expect.stringContaining("vedette up") });
    expect(vedette(dir, "init")).toMatchObject({ code: 2, err: expect.stringContaining("--force") });
    expect(vedette(dir, "init", "--force").code).toBe(0);
    expect(vedette(dir, "validate").out).toMatch(
      /^ok {2}vedette\.yaml: cluster mymaster, 1 master, 3 replicas/,
    );
    expect(vedette(dir, "render", "--dry-run").code).toBe(0);
    expect(existsSync(join(dir, "config"))).toBe(false);
    expect(vedette(dir, "render").out).toMatch(/^(new +config\/(redis|sentinel)-[\w-]+\.conf\n){7}$/);
    expect(vedette(dir, "render").out).toMatch(/^(unchanged .*\n){7}$/);
    const rows = parsed(vedette(dir, "config", "show", "--json").out).config;
    expect(rows).toContainEqual({ key: "sentinel.quorum", value: "2", origin: "derived: a majority of 3" });
  });

  it("validate tells all problems at once, with their places", () => {
    const dir = place("broken");
    writeFileSync(join(dir, "vedette.yaml"), "nmae: x\nredis: { replicas: many }\n");
    const { code, out } = vedette(dir, "validate");
    expect(code).toBe(2);
    expect(out).toMatch(/^vedette\.yaml:1:1 nmae: .*\nvedette\.yaml:2:20 redis\.replicas: .*\n$/);
    const json = parsed(vedette(dir, "validate", "--json").out);
    expect(json).toMatchObject({ schema: 1, ok: false, problems: [{ line: 1 }, { line: 2, column: 20 }] });
  });

  it("version names the programs, and does without them", () => {
    expect(parsed(run("version", "--json").out)).toMatchObject({
      node: process.versions.node,
      redisServer: { version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    });
    const bare = execFileSync(process.execPath, [join(process.cwd(), "dist/vedette.js"), "version"], {
      env: { PATH: "/nowhere" },
      encoding: "utf8",
    });
    expect(bare).toMatch(/redis-server +not found on PATH/);
  });
});

describe("completion", () => {
  it("offers the names of this very topology", () => {
    const dir = join(cluster.dir, "small");
    mkdirSync(dir);
    writeFileSync(join(dir, "vedette.yaml"), "redis: { replicas: 1 }\nsentinel: { count: 1 }\n");
    const { code, out } = vedette(dir, "complete", "--", "connect", "");
    expect(code).toBe(0);
    expect(out).toBe("redis-master\t\nredis-slave-1\t\nredis-sentinel-1\t\n:4\n");
    expect(
      vedette(cluster.dir, "complete", "--", "-f", "small/vedette.yaml", "start", "redis-slave-").out,
    ).toBe("redis-slave-1\t\n:4\n");
    expect(vedette(dir, "complete", "--", "-f", "broken.yaml", "connect", "").out).toBe(":4\n");
  });

  it("works in bash, with or without the bash-completion package", () => {
    const script = `
      vedette() { "${process.execPath}" "${process.cwd()}/dist/vedette.js" "$@"; }
      compopt() { :; }
      source <(vedette completion bash)
      COMP_WORDS=(vedette connect redis-sen) COMP_CWORD=2
      __vedette_complete
      printf '%s\\n' "\${COMPREPLY[@]}"`;
    const out = execFileSync("bash", ["--norc", "-c", script], {
      cwd: cluster.dir,
      encoding: "utf8",
      env: { PATH: process.env["PATH"] },
    });
    expect(out).toBe("redis-sentinel-1\nredis-sentinel-2\nredis-sentinel-3\n");
    expect(run("completion", "tcsh").code).toBe(2);
  });
});

describe("service install", () => {
  const hasVerify = existsSync("/usr/bin/systemd-analyze");

  it("prints the unit alone on stdout, and what to type on stderr", () => {
    const { code, out, err } = run("service", "install", "--print");
    expect(code).toBe(0);
    expect(out).toContain(`ExecStart="${process.execPath}"`);
    expect(out).toMatch(/\[Install\]\nWantedBy=multi-user\.target\n$/);
    expect(err).toContain(`systemctl enable vedette-${cluster.topology.name}.service`);
  });

  // Where systemd is not installed nothing can judge the unit.
  it.skipIf(!hasVerify)("writes a unit that systemd understands, also for a strange path", () => {
    const dir = join(cluster.dir, 'it\'s 100% "strange" $x');
    mkdirSync(dir);
    writeFileSync(join(dir, "vedette.yaml"), "name: strange\n");
    expect(vedette(dir, "service", "install", "--out", cluster.dir).code).toBe(0);
    const unit = join(cluster.dir, "vedette-strange.service");
    const verify = execFileSync("sh", ["-c", 'systemd-analyze verify "$1" 2>&1', "sh", unit], {
      encoding: "utf8",
    });
    expect(verify).not.toContain("vedette-strange");
  });
});
