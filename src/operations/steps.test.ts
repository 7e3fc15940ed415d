import { expect, it } from "vitest";
import { sentence, type Step } from "./steps.ts";

it.each<[Step, string]>([
  [{ do: "prepare", node: "a", first: null }, "bring the configuration of a up to date"],
  [
    { do: "prepare", node: "a", first: { master: { host: "h", port: 1 }, epoch: 0 } },
    "make the configuration of a (master h:1)",
  ],
  [{ do: "want", nodes: ["a"], up: false }, "note that a is meant to be down"],
  [{ do: "want", nodes: ["a", "b"], up: true }, "note that a, b are meant to be up"],
  [{ do: "start", node: "a", force: false }, "start a"],
  [{ do: "start", node: "a", force: true }, "start a as master, whatever the Sentinels say"],
  [{ do: "stop", node: "a", mode: "kill", deadlineMs: 1 }, "kill a"],
  [{ do: "stop", node: "a", mode: "graceful", deadlineMs: 1 }, "stop a"],
  [
    { do: "await", condition: "settled", deadlineMs: 1 },
    "wait until every replica is in sync and all Sentinels agree",
  ],
  [{ do: "await", condition: "sentinels-answer", deadlineMs: 1 }, "wait until every Sentinel answers"],
  [{ do: "delete", what: { kind: "path", name: "/x y" } }, "delete /x y"],
  [{ do: "delete", what: { kind: "volume", name: "redis-master-data" } }, "delete volume redis-master-data"],
  [{ do: "flush", node: "a", databases: ["db0", "db3"] }, "delete all keys of db0, db3 through a"],
  [{ do: "raise-down-after", ms: 1_800_000 }, "have every Sentinel wait 30m before it takes a node for down"],
  [{ do: "rest", ms: 30_000 }, "wait 30s"],
])("a step is a sentence: $0.do", (step, said) => {
  expect(sentence(step)).toBe(said);
});
