import { describe, expect, it } from "vitest";
import { seedCluster } from "../../test/kit/cluster.ts";
import { candidatesFor, whyChosen, type Candidate } from "./candidates.ts";

const like = (node: string, seen: Partial<Candidate> = {}): Candidate => ({
  node,
  priority: 100,
  offset: 5_000,
  runId: `${node.at(-1)}f00`,
  linked: true,
  lagBytes: 0,
  ...seen,
});

describe("why a replica was chosen", () => {
  const cases: [string, Candidate[], string | null, string][] = [
    [
      "lower priority first",
      [like("redis-slave-1", { priority: 50, offset: 1 }), like("redis-slave-2")],
      "priority",
      "lowest priority, 50 (redis-slave-2 has 100)",
    ],
    [
      "then the larger offset, over the next best",
      [
        like("redis-slave-1"),
        like("redis-slave-2", { offset: 4_000 }),
        like("redis-slave-3", { offset: 4_880 }),
      ],
      "offset",
      "equal priorities; most advanced offset (120 bytes ahead of redis-slave-3)",
    ],
    [
      "then the run id",
      [like("redis-slave-1", { runId: "AAAAAAAAAAAA" }), like("redis-slave-2", { runId: "bbbbbbbbbbbb" })],
      "run-id",
      "equal priorities and offsets; lowest run id (AAAAAAAA before bbbbbbbb of redis-slave-2)",
    ],
    ["nobody else", [like("redis-slave-1")], "only-one", "the only replica that could be promoted"],
    [
      "nobody else but those with priority 0",
      [like("redis-slave-1", { offset: 1 }), like("redis-slave-2", { priority: 0 })],
      "only-one",
      "the only replica that could be promoted (priority 0: redis-slave-2)",
    ],
    [
      "what does not explain it",
      [like("redis-slave-1"), like("redis-slave-2", { offset: 6_000 }), like("redis-slave-3")],
      null,
      "not explained by what was last seen: then redis-slave-2 came first; offsets may have moved since",
    ],
    [
      "logs, which tell offsets only",
      [
        like("redis-slave-1", { priority: null, runId: null }),
        like("redis-slave-2", { priority: null, runId: null, offset: 4_000 }),
      ],
      null,
      "priorities not known; most advanced offset (1000 bytes ahead of redis-slave-2)",
    ],
    [
      "run ids without priorities",
      [like("redis-slave-1", { priority: null }), like("redis-slave-2", { priority: null })],
      null,
      "priorities not known; equal offsets; lowest run id (1f00 before 2f00 of redis-slave-2)",
    ],
    [
      "an offset that nobody knows",
      [like("redis-slave-1"), like("redis-slave-2", { offset: null })],
      null,
      "equal priorities; offsets not known",
    ],
  ];
  it.each(cases)("%s", (_, candidates, rule, why) => {
    expect(whyChosen(candidates, "redis-slave-1")).toEqual({ rule, why });
    expect(whyChosen(candidates.toReversed(), "redis-slave-1")).toEqual({ rule, why });
  });

  it("cannot be said of one that was not among them", () => {
    expect(whyChosen([like("redis-slave-2")], "redis-slave-1")).toBeNull();
  });
});

describe("candidates", () => {
  const before = seedCluster().snapshot;
  const now = {
    ...before,
    nodes: before.nodes.map((node) =>
      node.node === "redis-master"
        ? { ...node, state: "down" as const, role: null, offset: null }
        : { ...node, link: "down" as const, offset: 1_234_000 },
    ),
  };

  it("have their links and distances of before the old master's death, their offsets of after it", () => {
    expect(candidatesFor("redis-master", before, now)[0]).toEqual({
      node: "redis-slave-1",
      priority: 100,
      offset: 1_234_000,
      runId: "run-redis-slave-1",
      linked: true,
      lagBytes: 567,
    });
  });

  it("know neither without a look before", () => {
    expect(candidatesFor("redis-master", null, now)).toHaveLength(3);
    expect(candidatesFor("redis-master", null, now)[0]).toMatchObject({ linked: null, lagBytes: null });
  });

  it("are no nodes that are down, and of another history have no distance", () => {
    const gone = seedCluster().snapshot;
    const [, first, second] = gone.nodes;
    if (first === undefined || second === undefined) throw new Error("no nodes");
    first.state = "down";
    second.replId = "other";
    const found = candidatesFor("redis-master", gone, gone);
    expect(found.map((each) => [each.node, each.lagBytes])).toEqual([
      ["redis-slave-2", null],
      ["redis-slave-3", 0],
    ]);
  });
});
