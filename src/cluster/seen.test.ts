import { describe, expect, it } from "vitest";
import { cluster, seedCluster } from "../../test/kit/cluster.ts";
import { RedisError, type RedisErrorKind } from "../redis/redis-error.ts";
import { assemble } from "./assemble.ts";
import { redisSeen } from "./redis-seen.ts";
import { sentinelSeen } from "./sentinel-seen.ts";
import type { NodeProcess, RedisSeen, SentinelSeen } from "./snapshot.ts";

const { topology } = seedCluster();
const [node] = topology.redis.nodes;
const [sentinel] = topology.sentinel.nodes;

const process = (state: NodeProcess["state"], reason: string | null = null): NodeProcess => ({
  node: node.id,
  state,
  pid: state === "stopped" ? null : 42,
  startedAt: null,
  reason,
  wanted: true,
  gaveUp: false,
});

const error = (kind: RedisErrorKind) => ({ error: new RedisError(kind, "INFO 127.0.0.1:6379", `${kind}!`) });

describe("a data node that gave no answer", () => {
  const cases: [NodeProcess["state"], RedisErrorKind, RedisSeen["state"]][] = [
    ["stopped", "refused", "down"],
    ["stopped", "timeout", "unreachable"],
    ["stopped", "auth", "unreachable"],
    ["running", "refused", "unreachable"],
    ["running", "timeout", "unreachable"],
    ["running", "loading", "loading"],
    ["waiting", "refused", "waiting"],
    ["waiting", "auth", "unreachable"],
  ];
  it.each(cases)("whose process is %s, met with %s, is %s", (state, kind, expected) => {
    const seen = redisSeen(node, process(state, "why"), error(kind));
    expect(seen).toMatchObject({ state: expected, authError: kind === "auth", role: null, lagBytes: null });
    const ours = expected === "down" || expected === "waiting";
    expect(seen.reason).toBe(ours ? "why" : `INFO 127.0.0.1:6379: ${kind}!`);
  });
});

describe("a data node that answers", () => {
  const info = (...lines: string[]) => lines.join("\r\n");
  const MASTER = info(
    "# Server",
    "process_id:77",
    "# Persistence",
    "loading:0",
    "# Replication",
    "role:master",
  );
  const replies = (text: string, priority: unknown = ["replica-priority", "100"], minimum = "0") => ({
    replies: [text, priority, ["min-replicas-to-write", minimum]],
  });

  it("is up though the runtime knows no process, and its own pid counts", () => {
    expect(redisSeen(node, process("stopped"), replies(MASTER))).toMatchObject({
      state: "up",
      pid: 77,
      role: "master",
    });
    expect(redisSeen(node, process("running"), replies(MASTER)).pid).toBe(77);
  });

  it("is fenced from the start fence up, and only as a master", () => {
    const fenced = (text: string, minimum: string) =>
      redisSeen(node, process("running"), replies(text, undefined, minimum)).fenced;
    expect(fenced(MASTER, "1000")).toBe(true);
    expect(fenced(MASTER, "999")).toBe(false);
    expect(fenced(MASTER.replace("role:master", "role:slave"), "1000")).toBe(false);
  });

  it("that refuses CONFIG still tells what INFO has", () => {
    const text = info(
      "# Replication",
      "role:slave",
      "slave_priority:7",
      "master_link_status:down",
      "master_link_down_since_seconds:9",
    );
    const seen = redisSeen(
      node,
      process("running"),
      replies(text, new RedisError("reply", "CONFIG GET", "NOPERM")),
    );
    expect(seen).toMatchObject({ state: "up", priority: 7, link: "down", lagSeconds: 9 });
  });
});

describe("a Sentinel", () => {
  it("names whom it tells to clients, not its entry's old address", () => {
    const entry = [
      "name",
      "mymaster",
      "ip",
      "127.0.0.1",
      "port",
      "6379",
      "flags",
      "master,o_down",
      "config-epoch",
      "4",
    ];
    const heard = {
      replies: ["# Sentinel\r\nsentinel_tilt:0", ["127.0.0.1", "6380"], entry, [], [], "OK 3 usable"],
    };
    expect(sentinelSeen(topology, sentinel, process("running"), heard)).toMatchObject({
      up: true,
      masterNode: "redis-slave-1",
      epoch: 4,
      flags: ["master", "o_down"],
      quorumOk: true,
    });
  });

  it("that does not answer keeps the reason", () => {
    const hung = sentinelSeen(topology, sentinel, process("running"), error("timeout"));
    expect(hung).toMatchObject({ up: false, reason: "INFO 127.0.0.1:6379: timeout!", quorumOk: null });
    expect(sentinelSeen(topology, sentinel, process("stopped", "exit 1"), error("refused")).reason).toBe(
      "exit 1",
    );
  });
});

describe("assemble", () => {
  const facts = {
    processes: [],
    steward: { running: true, pid: 1, startedAt: null },
    operation: null,
    pause: null,
  };
  const build = (nodes: RedisSeen[], sentinels: SentinelSeen[]) =>
    assemble(topology, facts, { nodes, sentinels, observedAt: 1 });
  const { nodes, sentinels } = seedCluster().snapshot;
  const naming = (port: number, epoch = 0): SentinelSeen => ({
    ...sentinels[0]!,
    master: { host: "127.0.0.1", port },
    epoch,
  });
  const silent = { ...sentinels[0]!, ...cluster().master("a").sentinelDown("s").snapshot.sentinels[0]! };

  it("names a master only by a majority of all Sentinels, not of those that answer", () => {
    expect(build(nodes, [naming(6379), naming(6379), naming(6380)]).master?.node).toBe("redis-master");
    expect(build(nodes, [naming(6379), silent, silent]).master).toBeNull();
    expect(build(nodes, [naming(6379), naming(6380), silent]).master).toBeNull();
    expect(build(nodes, [naming(9999), naming(9999), silent]).master).toEqual({
      host: "127.0.0.1",
      port: 9999,
      node: null,
    });
  });

  it("takes the highest epoch, whoever has it", () => {
    expect(build(nodes, [naming(6379, 3), naming(6379, 3), naming(6380, 4)]).epoch).toBe(4);
    expect(build(nodes, [silent, silent, silent]).epoch).toBeNull();
  });

  it("has a quorum when enough answer and none says no", () => {
    expect(build(nodes, [naming(6379), naming(6379), silent]).quorum).toEqual({
      ok: true,
      needed: 2,
      reachable: 2,
    });
    expect(build(nodes, [naming(6379), silent, silent]).quorum.ok).toBe(false);
    expect(build(nodes, [naming(6379), naming(6379), { ...naming(6379), quorumOk: false }]).quorum.ok).toBe(
      false,
    );
  });

  it("counts lag against the named master, never below 0, and only within one history", () => {
    const at = (seen: RedisSeen | undefined, offset: number, replId = "h") => ({
      ...seen!,
      lagBytes: null,
      offset,
      replId,
    });
    const [master, one, two, three] = nodes;
    const seen = [at(master, 100), at(one, 60), at(two, 130), at(three, 60, "other")];
    const lag = (list: SentinelSeen[]) => build(seen, list).nodes.map(({ lagBytes }) => lagBytes);
    expect(lag(sentinels)).toEqual([null, 40, 0, null]);
    expect(lag([silent, silent, silent])).toEqual([null, null, null, null]);
  });
});
