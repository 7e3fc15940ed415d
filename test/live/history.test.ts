import type { ChildProcess } from "node:child_process";
import { afterEach, describe, expect, it } from "vitest";
import { until } from "../../src/clock.ts";
import type { Failover } from "../../src/operations/failovers.ts";
import { vedette, vedetteRunning } from "../kit/cli.ts";
import { LiveCluster } from "../kit/live-cluster.ts";

let cluster: LiveCluster;
const running: ChildProcess[] = [];
afterEach(async () => {
  for (const child of running.splice(0)) child.kill("SIGKILL");
  await cluster.destroy();
});

function failovers(): Failover[] {
  const { out, err, code } = vedette(cluster.dir, "history", "--failovers", "--json");
  expect(err).toBe("");
  expect(code).toBe(0);
  const found: { schema: number; failovers: Failover[] } = JSON.parse(out);
  expect(found.schema).toBe(2);
  return found.failovers;
}

/** Kills the master; returns it and the next one, once the cluster is whole again. */
async function killMaster(bringBack: boolean): Promise<{ from: string; to: string; at: number }> {
  const from = await cluster.master();
  const at = Date.now();
  await cluster.runtime.fault(from, "kill");
  const moved = await cluster.eventually(
    "a failover",
    (now) => now.master !== null && now.master.node !== from,
  );
  if (bringBack) {
    await cluster.start(from);
    await cluster.hurry();
  }
  await cluster.settled();
  return { from, to: moved.master?.node ?? "", at };
}

describe("the history", () => {
  it("tells every failover once, whoever caused it and whoever told of it", async () => {
    cluster = await LiveCluster.create();
    await cluster.up();
    await cluster.settled();

    const alone = await killMaster(true);
    const [first, ...none] = failovers();
    expect(none).toEqual([]);
    expect(first).toMatchObject({
      kind: "failover",
      from: alone.from,
      to: alone.to,
      epoch: 1,
      askedBy: "sentinel",
      countedFrom: "fault",
    });
    expect(Math.abs(Date.parse(String(first?.time)) - alone.at)).toBeLessThan(1_000);
    inOrder(first, ["detected", "agreed", "elected", "promoted", "switched", "reconfigured"]);
    expect(first?.durationsMs.back).toBeGreaterThan(0);
    expect(first?.chosen.candidates?.map(({ offset }) => typeof offset)).toContain("number");

    await cluster.up({ steward: true });
    await cluster.settled();
    await until(async () => (await cluster.runtime.records()).positions?.master === alone.to, {
      deadlineMs: 10_000,
    });
    const supervised = await killMaster(false);
    const [, second, ...more] = failovers();
    expect(more).toEqual([]);
    expect(second).toMatchObject({ from: supervised.from, to: supervised.to, epoch: 2, askedBy: "steward" });
    inOrder(second, ["detected", "promoted", "switched"]);
    expect(second?.chosen.candidates).toHaveLength(3);
    expect(second?.chosen.rule).not.toBeNull();
    expect(second?.chosen.behindBytes).toBeGreaterThanOrEqual(0);

    const test = vedette(cluster.dir, "test-failover", "--yes");
    expect(test.code, test.err).toBe(0);
    const all = failovers();
    expect(all.map(({ epoch }) => epoch)).toEqual([1, 2, 3]);
    const third = all[2];
    expect(third).toMatchObject({ countedFrom: "fault", from: supervised.to });
    expect(third?.sources).toContain("vedette test-failover");
    expect(third?.cause).toContain("acknowledged writes lost");
    inOrder(third, ["promoted", "firstWrite"]);
    expect(third?.writeGapMs).toBeGreaterThan(0);

    const told = vedette(cluster.dir, "history").out.split("\n");
    expect(
      told.filter((line) => line.includes(" failover ")),
      told.join("\n"),
    ).toHaveLength(3);
    // Another time zone than the nodes' logs have changes nothing.
    process.env["TZ"] = "Asia/Kathmandu";
    try {
      expect(failovers()).toEqual(all);
    } finally {
      delete process.env["TZ"];
    }
  });
});

describe("events", () => {
  it("are shown while they happen, also of a Sentinel that was restarted, and Ctrl-C ends well", async () => {
    cluster = await LiveCluster.create();
    await cluster.up({ steward: true });
    await cluster.settled();
    const follower = vedetteRunning(cluster.dir, "events", "--follow", "--json", "-n", "1");
    running.push(follower);
    const seen: Record<string, unknown>[] = [];
    let rest = "";
    follower.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = `${rest}${text}`.split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) seen.push(JSON.parse(line));
    });
    const sees = async (what: string, wanted: (event: Record<string, unknown>) => boolean) => {
      const found = await until(async () => seen.find(wanted), { deadlineMs: 20_000, everyMs: 20 });
      expect(found, `${what} in ${JSON.stringify(seen)}`).not.toBeNull();
    };
    await until(async () => seen.length > 0, { deadlineMs: 20_000 });
    expect(seen, "the last one before").toHaveLength(1);

    await cluster.kill("redis-sentinel-2");
    await sees("its end", (each) => each["kind"] === "lost" && each["source"] === "redis-sentinel-2");
    await sees("its end, by the steward", (each) => each["kind"] === "node-down");
    await sees("its return", (each) => each["kind"] === "back" && each["source"] === "redis-sentinel-2");
    await sees(
      "what it said before anybody could listen",
      (each) => each["source"] === "redis-sentinel-2" && each["event"] === "+monitor",
    );
    await cluster.settled();

    const { to } = await killMaster(false);
    for (const sentinel of cluster.sentinels())
      await sees(
        `the switch, by ${sentinel}`,
        (each) => each["source"] === sentinel && each["event"] === "+switch-master",
      );
    await sees("the steward's account", (each) => each["kind"] === "failover" && each["to"] === to);
    const switches = seen.filter((each) => each["event"] === "+switch-master");
    expect(switches).toHaveLength(3);

    const ended = new Promise((resolve) => follower.once("exit", resolve));
    follower.kill("SIGINT");
    expect(await ended).toBe(0);
    const times = seen.slice(1).map((each) => String(each["time"]));
    expect(times.length).toBeGreaterThan(5);

    const past = vedette(cluster.dir, "events", "-n", "all", "--json").out.trim().split("\n");
    expect(past.filter((line) => line.includes('"+switch-master"'))).toHaveLength(3);
    expect(vedette(cluster.dir, "events", "-n", "5").out.trim().split("\n")).toHaveLength(5);
  });
});

/** These happened, one not before the other. */
function inOrder(failover: Failover | undefined, names: (keyof Failover["durationsMs"])[]): void {
  const times = names.map((name) => failover?.durationsMs[name]);
  expect(times, JSON.stringify(failover)).not.toContain(null);
  expect(
    [...times].sort((a, b) => Number(a) - Number(b)),
    JSON.stringify(failover),
  ).toEqual(times);
}
