import { describe, expect, it } from "vitest";
import { endingText } from "./container-table.ts";
import { parseContainer, type Container } from "./containers.ts";
import { linesAfter } from "./docker-log.ts";
import { demultiplex } from "./multiplexed.ts";
import { overlap } from "./network.ts";
import { processOf } from "./node-process.ts";
import { projectName } from "./project.ts";

const INSPECTED = {
  Id: "abc",
  Name: "/redis-master",
  State: {
    Status: "running",
    Pid: 4242,
    StartedAt: "2026-11-26T09:02:05.123456789Z",
    FinishedAt: "0001-01-01T00:00:00Z",
    ExitCode: 0,
    OOMKilled: false,
  },
  Config: {
    Image: "redis:7.4.2",
    Labels: { "io.vedette.node": "redis-master", "com.docker.compose.project.working_dir": "/srv/app" },
  },
  Mounts: [{ Destination: "/data" }],
};

const container = (change: Partial<Container> = {}): Container => ({
  ...parseContainer(INSPECTED),
  ...change,
});
const stopped = (change: Partial<Container> = {}) =>
  container({ state: "exited", pid: null, startedAt: null, exitCode: 137, ...change });

describe("a container", () => {
  it("is read from what the engine tells", () => {
    expect(container()).toEqual({
      id: "abc",
      name: "redis-master",
      node: "redis-master",
      state: "running",
      pid: 4242,
      startedAt: Date.UTC(2026, 10, 26, 9, 2, 5, 123),
      finishedAt: null,
      exitCode: null,
      oomKilled: false,
      project: "/srv/app",
      mounts: ["/data"],
      image: "redis:7.4.2",
    });
  });

  it("without labels is nobody's", () => {
    const bare = { ...INSPECTED, Config: { Image: "x", Labels: null } };
    expect(parseContainer(bare)).toMatchObject({ node: "", project: null });
  });

  it.each([
    ["created", 0, null],
    ["exited", 0, null],
    ["restarting", 0, null],
    ["paused", 4242, 4242],
  ])("that is %s has the process that it has", (Status, Pid, pid) => {
    expect(parseContainer({ ...INSPECTED, State: { ...INSPECTED.State, Status, Pid } }).pid).toBe(pid);
  });
});

describe("a node's process", () => {
  const facts = { wanted: { n: true }, supervision: {} };
  const of = (seen: Container | null, waits: string | null = null, ending: string | null = null) =>
    processOf("n", seen, waits, ending, facts);

  it("runs, or waits for what its start script says", () => {
    expect(of(container())).toMatchObject({ state: "running", pid: 4242, reason: null, wanted: true });
    expect(of(container(), "no Sentinel answers\n")).toMatchObject({
      state: "waiting",
      reason: "no Sentinel answers",
    });
  });

  it("is stopped, and not for what it waited for once", () => {
    expect(of(stopped(), "no Sentinel answers\n")).toMatchObject({
      state: "stopped",
      pid: null,
      reason: "ended by SIGKILL",
    });
    expect(of(stopped(), null, "exit code 1").reason).toBe("exit code 1");
    expect(of(stopped({ oomKilled: true })).reason).toMatch(/out of memory/);
    expect(of(stopped({ state: "restarting", exitCode: 1 })).reason).toMatch(/again and again: exit code 1/);
    expect(of(stopped({ state: "created", exitCode: null })).reason).toBeNull();
    expect(of(null).reason).toBe("it has no container");
  });

  it("was given up, as long as it does not run all the same", () => {
    const supervision = { n: { gaveUp: true, reason: "it ended 6 times" } };
    expect(processOf("n", stopped(), null, null, { wanted: {}, supervision })).toMatchObject({
      gaveUp: true,
      reason: "it ended 6 times",
      wanted: false,
    });
    expect(processOf("n", container(), null, null, { wanted: {}, supervision }).gaveUp).toBe(false);
  });
});

it.each([
  [0, "exit code 0"],
  [1, "exit code 1"],
  [137, "ended by SIGKILL"],
  [139, "ended by SIGSEGV"],
  [143, "ended by SIGTERM"],
  [150, "ended by signal 22"],
  [255, "exit code 255"],
])("exit code %i is told as %s", (code, text) => {
  expect(endingText(code)).toBe(text);
});

describe("a mixed stream", () => {
  const frame = (stream: number, text: string) => {
    const header = Buffer.from([stream, 0, 0, 0, 0, 0, 0, 0]);
    header.writeUInt32BE(Buffer.byteLength(text), 4);
    return Buffer.concat([header, Buffer.from(text)]);
  };

  it("is the texts of its frames", () => {
    expect(demultiplex(Buffer.concat([frame(1, "out ä\n"), frame(2, "err\n"), frame(1, "")]))).toBe(
      "out ä\nerr\n",
    );
    expect(demultiplex(Buffer.alloc(0))).toBe("");
  });

  it("that ends in the middle of a frame gives what there is", () => {
    expect(demultiplex(Buffer.concat([frame(1, "a\n"), frame(1, "bcd\n").subarray(0, 10)]))).toBe("a\nbc");
    expect(demultiplex(Buffer.from([1, 0, 0]))).toBe("");
  });
});

describe("a container's log", () => {
  const log = [
    "2026-11-26T09:02:05.100000000Z 7:M 26 Nov 2026 09:02:05.100 * Ready",
    "2026-11-26T09:02:06.200000000Z 26 Nov 2026 09:02:06 vedette[redis-master]: waits: x",
    "2026-11-26T09:02:06.200000001Z === REDIS BUG REPORT START",
    "",
  ].join("\n");
  const local = new Date(Date.UTC(2026, 10, 26, 9, 2, 5, 100));
  const two = (n: number) => String(n).padStart(2, "0");

  it("has the times of this machine, whatever zone it is in", () => {
    const [redis, script, report] = linesAfter(log, "");
    const clock = `${two(local.getHours())}:${two(local.getMinutes())}`;
    expect(redis?.text).toBe(`7:M ${two(local.getDate())} Nov 2026 ${clock}:05.100 * Ready`);
    expect(script?.text).toBe(`${two(local.getDate())} Nov 2026 ${clock}:06 vedette[redis-master]: waits: x`);
    expect(report?.text).toBe("=== REDIS BUG REPORT START");
  });

  it("is read on behind the last line that was read", () => {
    expect(linesAfter(log, "2026-11-26T09:02:06.200000000Z").map(({ text }) => text)).toEqual([
      "=== REDIS BUG REPORT START",
    ]);
    expect(linesAfter("", "")).toEqual([]);
  });
});

it.each([
  ["172.28.0.0/24", "172.28.0.0/16", true],
  ["172.28.0.0/24", "172.28.0.128/25", true],
  ["172.28.0.0/24", "172.28.1.0/24", false],
  ["172.28.0.0/24", "0.0.0.0/0", true],
  ["172.28.0.0/24", "172.28.0.7/32", true],
  ["172.28.0.0/24", "fd00::/64", false],
  ["172.28.0.0/24", "nonsense", false],
])("%s and %s have an address in common: %s", (one, other, expected) => {
  expect(overlap(one, other)).toBe(expected);
  expect(overlap(other, one)).toBe(expected);
});

it.each([
  ["mymaster", "mymaster"],
  ["Shop.EU_2", "shop-eu_2"],
  ["_x", "c_x"],
])("the project of cluster %s is %s", (cluster, project) => {
  expect(projectName(cluster)).toBe(project);
});
